// The local API proxy of every node.
import { renderApiProxyConfig, renderApiProxyUnit } from '../../render/api-proxy.ts';
import { paths } from '../../render/paths.ts';
import { importImage, step, writeConfig } from '../../runbooks/step-builder.ts';
import type { HostComponent } from './host-target.ts';

export const apiProxy: HostComponent = {
  disruption: 'restart',
  isFor: () => true,
  steps: ({ materials, masters }) => ({
    configure: [
      writeConfig('api-proxy-config', paths.apiProxyConfig, renderApiProxyConfig(masters)),
    ],
    images: [importImage('image-nginx', 'muster', materials)],
    proxy: [
      step('api-proxy', 'manage-unit', {
        name: 'muster-api-proxy.service',
        content: renderApiProxyUnit(materials.image('image-nginx')),
        enabled: true,
        state: 'running',
        restartOn: [paths.apiProxyConfig],
      }),
    ],
  }),
};
