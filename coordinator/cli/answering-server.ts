// Which API servers answer from here, so that a kubeconfig begins with one that does. Any answer will
// do, also one that asks who is calling; only the cluster's own CA is believed.
import { request } from 'node:https';

export interface Answering {
  readonly server: string;
  readonly answers: boolean;
}

const waitMs = 3_000;

/** In the order that was given. */
export async function askServers(
  servers: readonly string[],
  caPem: string,
): Promise<readonly Answering[]> {
  return await Promise.all(
    servers.map(async (server) => ({ server, answers: await answers(server, caPem) })),
  );
}

function answers(server: string, caPem: string): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(waitMs);
    const options = { ca: caPem, signal, agent: false, method: 'GET' };
    const call = request(`${server}/readyz`, options, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 500);
    });
    call.on('error', () => resolve(false));
    call.on('close', () => resolve(false));
    call.end();
  });
}
