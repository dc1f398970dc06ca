// The open port's TLS, as a stranger with another program sees it.
import { once } from 'node:events';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { COORDINATOR_NAME } from '../../../../shared/rpc/tls.ts';
import { startTestCoordinator, type TestCoordinator } from '../../../support/coordinator.ts';

const defaultBefore = tls.DEFAULT_MIN_VERSION;
let coordinator: TestCoordinator;
beforeEach(async () => {
  coordinator = await startTestCoordinator();
});
afterEach(async () => {
  await coordinator.stop();
});

async function protocolWith(maxVersion: tls.SecureVersion): Promise<string | null> {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: coordinator.grpcPort,
    ca: coordinator.caPem,
    servername: COORDINATOR_NAME,
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.2',
    maxVersion,
  });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } finally {
    socket.destroy();
  }
}

test('the port of agents and operators speaks TLS 1.3 and nothing older', async () => {
  expect(await protocolWith('TLSv1.3')).toBe('TLSv1.3');
  await expect(protocolWith('TLSv1.2')).rejects.toThrow(/version/);
});

test('a coordinator changes no setting of its process', () => {
  expect(defaultBefore).toBe('TLSv1.2');
  expect(tls.DEFAULT_MIN_VERSION).toBe(defaultBefore);
});
