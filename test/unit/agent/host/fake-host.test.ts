import { expect, test } from 'vitest';
import { hostContract } from '../../../contracts/host.contract.ts';
import { FakeHost } from '../../../fakes/host.ts';

hostContract(async () => {
  const host = new FakeHost();
  return { host, root: '/root', teach: (command, reply) => void host.answer(command, reply) };
});

test('writes down what was asked of it as readable lines', async () => {
  const host = new FakeHost().answer('modprobe', '').answer('uname', '6.1\n');
  await host.read(['uname', '-r']);
  await host.change(['modprobe', 'overlay'], { unit: 'muster-p1-a-1', timeoutMs: 1000 });
  await host.writeFile('/etc/x', 'x', 0o644);
  expect(host.lines).toEqual([
    'read: uname -r',
    'change muster-p1-a-1: modprobe overlay',
    'write /etc/x 0644',
  ]);
  expect(host.changes).toHaveLength(2);
});
