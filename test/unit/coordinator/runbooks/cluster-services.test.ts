import { expect, test } from 'vitest';
import { RolloutWorld } from '../../../support/rollout-world.ts';

test.each([
  [{ conntrack: { maxPerCore: 1 } }, 10256],
  [{ healthzBindAddress: '0.0.0.0:10300' }, 10300],
  [{ healthzBindAddress: '[::]:10301' }, 10301],
  [{ healthzBindAddress: ':10302' }, 10302],
  [{ healthzBindAddress: '127.0.0.1:10256' }, undefined],
  [{ healthzBindAddress: '' }, undefined],
])('a kube-proxy set up as %j is asked for its rules at port %s', (kubeProxy, port) => {
  const world = RolloutWorld.finished();
  world.apply({ kubeProxy });
  world.roll();
  const steps = world.drafts
    .filter(({ goal }) => goal === 'change the services of the cluster')
    .flatMap(({ stages }) => stages)
    .flatMap((stage) => stage.steps)
    .filter(({ kind }) => kind === 'roll-daemon-set');
  expect(steps.map(({ args }) => args)).toEqual([
    {
      namespace: 'kube-system',
      name: 'kube-proxy',
      ...(port === undefined ? {} : { proxyPort: port }),
    },
    { namespace: 'kube-system', name: 'flannel' },
  ]);
});
