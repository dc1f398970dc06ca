// Kernel modules, sysctls, swap and the operator's own files.
import { everyHost, modulesFor, sysctlsFor } from '../../render/host-settings.ts';
import { paths } from '../../render/paths.ts';
import { step } from '../../runbooks/step-builder.ts';
import { networkPluginOf } from '../network/network-plugins.ts';
import { proxyModeOf } from '../proxy/proxy-modes.ts';
import { runtimeOf } from '../runtime/runtimes.ts';
import type { HostComponent } from './host-target.ts';

export const settings: HostComponent = {
  disruption: 'restart',
  isFor: () => true,
  steps: ({ spec }) => {
    const rows = [runtimeOf(spec), everyHost, networkPluginOf(spec), proxyModeOf(spec)];
    const files = spec.host.files.map((file, index) =>
      step(`file-${index + 1}`, 'write-file', {
        path: file.path,
        content: file.content,
        mode: Number.parseInt(file.mode, 8),
      }),
    );
    const modules = modulesFor(spec, rows);
    const values = sysctlsFor(spec, networkPluginOf(spec).sysctls);
    return {
      settings: [
        ...(spec.host.swap === 'off' ? [step('swap-off', 'disable-swap', {})] : []),
        step('modules', 'load-kernel-modules', { modules, path: paths.modules }),
        step('sysctls', 'set-sysctls', { values, path: paths.sysctls }),
        ...files,
      ],
    };
  },
};
