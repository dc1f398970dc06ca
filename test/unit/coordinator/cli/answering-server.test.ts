import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { askServers } from '../../../../coordinator/cli/answering-server.ts';
import { makeKubeCa } from '../../../support/kube-pki.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  open.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a server answers when it says anything under the cluster’s CA, and only then', async () => {
  const [ca, other] = [await makeKubeCa(), await makeKubeCa('another')];
  const serve = async (from: typeof ca, status: number) => {
    const { certificate, key } = await from.issue('CN=api', { names: ['127.0.0.1'] });
    return await listening(
      createServer({ cert: certificate, key }, (_request, response) => {
        response.writeHead(status);
        response.end();
      }),
    );
  };
  const silent = createTcpServer(() => {});
  const servers = [
    'https://127.0.0.1:1',
    await serve(ca, 200),
    await serve(ca, 401),
    await serve(ca, 500),
    await serve(other, 200),
    await listening(silent),
  ];
  const asked = await askServers(servers, ca.certificate);
  expect(asked.map(({ server }) => server)).toEqual(servers);
  expect(asked.map(({ answers }) => answers)).toEqual([false, true, true, false, false, false]);
});
