// What every KubeApi does alike, the one over TLS and the one in memory.
import { expect, test } from 'vitest';
import type { OpenKubeApi } from '../../agent/host/kube-api.ts';
import type { KubeCredentials } from '../../agent/host/kubeconfig.ts';
import type { KubeObjects } from '../fakes/kube-objects.ts';

export interface KubeUnderTest {
  readonly open: OpenKubeApi;
  readonly credentials: KubeCredentials;
  readonly server: KubeObjects;
  /** From now on nothing answers. */
  readonly goAway: () => Promise<void>;
}

const path = '/api/v1/namespaces/default/configmaps/one';
const applied = { contentType: 'application/apply-patch+yaml' };

export function kubeApiContract(start: () => Promise<KubeUnderTest>): void {
  test('any status is an answer', async () => {
    const { open, credentials, server } = await start();
    using api = open(credentials);
    expect(await api.request('GET', path)).toMatchObject({
      status: 404,
      body: { message: expect.any(String) },
    });
    server.on(/GET \/readyz/, { status: 500, body: '[-]etcd failed' });
    expect(await api.request('GET', '/readyz')).toEqual({
      status: 500,
      body: null,
      text: '[-]etcd failed',
    });
  });

  test('what is applied, as an object or as YAML, is there and can be deleted', async () => {
    const { open, credentials, server } = await start();
    using api = open(credentials);
    const object = { kind: 'ConfigMap', metadata: { name: 'one' }, data: { a: '1' } };
    const query = '?fieldManager=muster&force=true';
    expect(await api.request('PATCH', path + query, { body: object, ...applied })).toMatchObject({
      status: 201,
    });
    const yaml = 'kind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: "2"\n';
    await api.request('PATCH', `${path}${query}&dryRun=All`, { body: yaml, ...applied });
    expect(await api.request('GET', path)).toMatchObject({
      status: 200,
      body: { data: { a: '1' } },
    });
    await api.request('PATCH', path + query, { body: yaml, ...applied });
    expect(await api.request('GET', path)).toMatchObject({ body: { data: { a: '2' } } });
    expect((await api.request('DELETE', path)).status).toBe(200);
    expect((await api.request('GET', path)).status).toBe(404);
    expect(server.lines.slice(0, 2)).toEqual([`PATCH ${path}`, `PATCH ${path} (trial)`]);
  });

  test('a token is shown, and nothing without one', async () => {
    const { open, credentials, server } = await start();
    using stranger = open({ server: credentials.server, ca: credentials.ca });
    using holder = open({ server: credentials.server, ca: credentials.ca, token: 't' });
    await stranger.request('GET', '/');
    await holder.request('GET', '/');
    expect(server.authorizations).toEqual(['', 'Bearer t']);
  });

  test('a server that is away may come back', async () => {
    const { open, credentials, goAway } = await start();
    using api = open(credentials);
    await goAway();
    await expect(api.request('GET', '/readyz')).rejects.toMatchObject({
      code: 'unavailable',
      retryable: true,
      message: expect.stringContaining(`${credentials.server}/readyz`),
    });
  });

  test('a stop ends a request as a stop, and so every one after it', async () => {
    const { open, credentials, server } = await start();
    const stop = new AbortController();
    server.on(/GET \/slow/, async () => {
      stop.abort();
      return { status: 200, body: {} };
    });
    using api = open(credentials, stop.signal);
    await expect(api.request('GET', '/slow')).rejects.toMatchObject({ name: 'AbortError' });
    await expect(api.request('GET', '/')).rejects.toMatchObject({ name: 'AbortError' });
  });
}
