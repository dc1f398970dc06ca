// containerd with runc.
import { containerdUnit, renderContainerdConfig } from '../../render/containerd.ts';
import { paths } from '../../render/paths.ts';
import type { ContainerRuntime } from './container-runtime.ts';

export const containerd: ContainerRuntime = {
  artifacts: ['containerd', 'runc'],
  kernelModules: ['overlay'],
  archives: [
    {
      artifact: 'containerd',
      members: ['containerd', 'containerd-shim-runc-v2', 'ctr'].map((name) => ({
        from: `bin/${name}`,
        name,
      })),
    },
  ],
  binaries: ['runc'],
  unit: { name: 'containerd.service', content: containerdUnit },
  configFile: ({ materials, cgroupVersion }) => ({
    path: paths.containerdConfig,
    content: renderContainerdConfig({
      pauseImage: materials.image('image-pause'),
      systemdCgroup: cgroupVersion === 2,
    }),
  }),
};
