// The container runtime of the cluster: binaries, configuration, unit.
import { paths } from '../../render/paths.ts';
import { installBinary, step, writeConfig } from '../../runbooks/step-builder.ts';
import { runtimeOf } from '../runtime/runtimes.ts';
import { cgroupVersionOf, type HostComponent } from './host-target.ts';

export const runtime: HostComponent = {
  disruption: 'drain',
  isFor: () => true,
  steps: ({ spec, host, materials }) => {
    const row = runtimeOf(spec);
    const config = row.configFile({ materials, cgroupVersion: cgroupVersionOf(host) });
    const archives = row.archives.map(({ artifact, members }) =>
      step(`unpack-${artifact}`, 'unpack-archive', {
        artifact: materials.reference(artifact),
        members: members.map(({ from, name }) => ({ from, to: `${paths.binaries}/${name}` })),
      }),
    );
    const name = spec.runtime.name;
    return {
      install: [...archives, ...row.binaries.map((binary) => installBinary(materials, binary))],
      configure: [writeConfig(`${name}-config`, config.path, config.content)],
      services: [
        step(name, 'manage-unit', {
          name: row.unit.name,
          content: row.unit.content,
          enabled: true,
          state: 'running',
          restartOn: [config.path],
        }),
      ],
    };
  },
};
