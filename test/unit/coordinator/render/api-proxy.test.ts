import { expect, test } from 'vitest';
import { renderApiProxyUnit } from '../../../../coordinator/render/api-proxy.ts';

// Seen: `systemctl stop containerd` and `start` again left every node's way to the API closed.
test('a stop of containerd does not stop the API proxy for good', () => {
  const unit = renderApiProxyUnit('registry.k8s.io/nginx:1');
  expect(unit).toContain('\nAfter=containerd.service\nWants=containerd.service\n');
  expect(unit).not.toContain('Requires=');
  expect(unit).toContain('\nRestart=always\n');
});
