// The host's part of the pod network: CNI binaries and their configuration, and the plugin's images.
import { paths } from '../../render/paths.ts';
import { importImage, step, writeConfig } from '../../runbooks/step-builder.ts';
import { networkPluginOf } from '../network/network-plugins.ts';
import type { HostComponent } from './host-target.ts';

/** Of the CNI project's own archive: what containerd and the plugins' configurations call. */
const cniPlugins = ['bridge', 'loopback', 'ptp', 'host-local', 'portmap', 'bandwidth', 'firewall'];

export const network: HostComponent = {
  disruption: 'restart',
  isFor: () => true,
  steps: ({ spec, materials }) => {
    const row = networkPluginOf(spec);
    const file = row.hostFile(spec);
    const binaries = row.binaries.map(({ artifact, name }) =>
      step(`install-${name}-cni`, 'install-binary', {
        artifact: materials.reference(artifact),
        path: `${paths.cniBinaries}/${name}`,
      }),
    );
    return {
      install: [
        step('unpack-cni-plugins', 'unpack-archive', {
          artifact: materials.reference('cni-plugins'),
          members: cniPlugins.map((name) => ({
            from: `./${name}`,
            to: `${paths.cniBinaries}/${name}`,
          })),
        }),
        ...binaries,
      ],
      configure: [writeConfig('cni-config', file.path, file.content)],
      images: row.images.map((image) => importImage(image, 'k8s.io', materials)),
    };
  },
};
