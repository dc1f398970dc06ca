// Messages of every method of every service that no program of ours would send: random bytes, valid
// messages with bits turned, cut or doubled, and fields grown out of all size. Each is answered with a
// status that says whose fault it is, nothing comes of it, and the coordinator goes on.
import { type Client, credentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { dataPaths } from '../../coordinator/keys/paths.ts';
import { systemClock } from '../../shared/clock.ts';
import { openChannel } from '../../shared/rpc/client.ts';
import { jsonToWire } from '../../shared/rpc/codec.ts';
import { services } from '../../shared/rpc/load.ts';
import { clientCredentials, fixedServerName } from '../../shared/rpc/tls.ts';
import { aFacts } from '../support/cluster-builders.ts';
import { startTestCoordinator, type TestCoordinator } from '../support/coordinator.ts';
import { openMemberChannel, type TestNode } from '../support/test-node.ts';

let coordinator: TestCoordinator;
afterEach(async () => {
  await coordinator.stop();
});

const facts = jsonToWire(aFacts('w1', '192.168.7.1'));
const csr = Buffer.alloc(300, 7);

/** Of each method a message that its handler would read to the end. */
const valid: Readonly<Record<string, object>> = {
  Join: { token: 'mt0123456789.secret', csr, nonce: csr, nodeName: 'w1', agentVersion: '1', facts },
  ReportFacts: { facts },
  PullPlan: {
    instanceId: 'i',
    poll: 1,
    nonce: Buffer.alloc(16),
    lanes: [{ lane: 'host', planIds: ['p1'], epoch: 1, sequence: 2, doing: 'works' }],
    journalId: 'j',
    health: Buffer.from('{}'),
    trouble: { code: 'journal-corrupt', sentence: 'look at it' },
  },
  ReportProgress: { journalId: 'j', offset: 0, records: [Buffer.from('{"event":"step-intent"}')] },
  SignCertificate: { planId: 'p', stepId: 's', profile: 'etcd-peer', csr },
  Renew: { csr, counter: 1 },
  Apply: { specYaml: 'kind: Cluster', ignore: ['x'], artifactLock: Buffer.from('{}') },
  Get: { kind: 'nodes', name: 'w1' },
  Explain: { node: 'w1' },
  CreateToken: { pool: 'nowhere', ttlSeconds: 60, uses: 1, sourceRange: '10.0.0.0/8' },
  ChangeToken: { id: 'mt0123456789', action: 'revoke' },
  JoinMaterial: { token: { pool: 'nowhere' }, format: 'shell' },
  Logs: { subject: 'w1', after: 1 },
  Retry: { node: 'w1' },
  Kubeconfig: { csrPem: 'x', user: 'ann', ttlSeconds: 60 },
  SmokeTest: { runId: 'r' },
};

interface Attempt {
  readonly service: keyof typeof services;
  readonly method: string;
  readonly bytes: Buffer;
}

const definitions: readonly (readonly [keyof typeof services, string])[] = (
  Object.keys(services) as (keyof typeof services)[]
).flatMap((service) => Object.keys(services[service]).map((method) => [service, method] as const));

const methodOf = (service: keyof typeof services, method: string) => {
  const found = (services[service] as ServiceDefinition)[method];
  if (found === undefined) throw new Error(`no method ${method}`);
  return found;
};

/** A field of any number: of bytes, of any length, or a number as large as one can be. */
const field = fc
  .tuple(
    fc.integer({ min: 1, max: 20 }),
    fc.constantFrom(0, 2),
    fc.constantFrom(0, 1, 300, 5_000, 50_000),
  )
  .map(([number, type, length]) => {
    const tag = Buffer.from([((number << 3) | type) & 0x7f]);
    if (type === 0) return Buffer.concat([tag, Buffer.alloc(9, 0xff), Buffer.from([0x01])]);
    const size = Buffer.from([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]);
    return Buffer.concat([tag, size, Buffer.alloc(length, 0x41)]);
  });

const attempts: fc.Arbitrary<Attempt> = fc
  .tuple(
    fc.constantFrom(...definitions),
    fc.constantFrom('random', 'turned', 'cut', 'doubled', 'grown'),
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc.array(field, { minLength: 1, maxLength: 2 }),
    fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  )
  .map(([[service, method], how, noise, fields, part]) => {
    const { requestSerialize } = methodOf(service, method);
    const whole = requestSerialize(valid[method] ?? {});
    const at = Math.floor(part * whole.length);
    const bytes = (): Buffer => {
      switch (how) {
        case 'random':
          return Buffer.from(noise);
        case 'turned': {
          const turned = Buffer.from(whole);
          if (turned.length > 0) turned[at] = (turned[at] ?? 0) ^ (noise[0] ?? 1);
          return turned;
        }
        case 'cut':
          return whole.subarray(0, at);
        case 'doubled':
          return Buffer.concat([whole, whole.subarray(at)]);
        default:
          return Buffer.concat([whole, ...fields]);
      }
    };
    return { service, method, bytes: bytes() };
  });

/** Whose fault it is; the last, of calls that are held until something happens. */
const clear = new Set<number>([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ABORTED,
  status.FAILED_PRECONDITION,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.RESOURCE_EXHAUSTED,
]);
const held = new Set(['PullPlan', 'Watch', 'Logs', 'Kubeconfig', 'SmokeTest']);

function ask(channel: Client, { service, method, bytes }: Attempt): Promise<number> {
  const { path } = methodOf(service, method);
  return new Promise((resolve) => {
    const same = (value: Buffer): Buffer => value;
    // A held call is given up soon; any other has all the time there is.
    const deadline = Date.now() + (held.has(method) ? 300 : 30_000);
    channel.makeUnaryRequest(path, same, same, bytes, { deadline }, (error) =>
      resolve(error === null ? status.OK : error.code),
    );
  });
}

const channelOf: Readonly<Record<keyof typeof services, (node: TestNode) => Client>> = {
  enrollment: () =>
    openChannel({
      address: `127.0.0.1:${String(coordinator.grpcPort)}`,
      credentials: clientCredentials(coordinator.caPem, null),
      options: { ...fixedServerName, 'grpc.use_local_subchannel_pool': 1 },
    }),
  fleet: (node) => openMemberChannel(coordinator, node),
  operator: () =>
    openChannel({
      address: `unix:${dataPaths(coordinator.dataDir).socket}`,
      credentials: credentials.createInsecure(),
    }),
};

const records = async (): Promise<readonly string[]> =>
  (await coordinator.store.range(''))
    .map(({ key }) => key)
    .filter((key) => !/^(journal|facts|request)\//.test(key));

test('no message that anybody can make up is more than refused', { timeout: 120_000 }, async () => {
  // Limits on how often are tried elsewhere: here a second passes between two messages.
  let skippedMs = 0;
  const clock = { ...systemClock, boot: () => systemClock.boot() + skippedMs };
  coordinator = await startTestCoordinator({ clock });
  const node = await coordinator.join({ name: 'w1', number: 1 });
  const before = await records();
  const unclear: string[] = [];
  for (const service of Object.keys(services) as (keyof typeof services)[]) {
    const all = fc.sample(attempts, { numRuns: 1_200, seed: 7 });
    const own = all.filter((attempt) => attempt.service === service);
    expect(own.length).toBeGreaterThan(50);
    const waiting = own.values();
    const worker = async (): Promise<void> => {
      let channel = channelOf[service](node);
      let sent = 0;
      for (const attempt of waiting) {
        // What one stranger's connection may say has an end.
        if (sent + attempt.bytes.length > 100_000) {
          channel.close();
          channel = channelOf[service](node);
          sent = 0;
        }
        sent += attempt.bytes.length;
        skippedMs += 1_000;
        const code = await ask(channel, attempt);
        const isHeld = code === status.DEADLINE_EXCEEDED && held.has(attempt.method);
        if (!clear.has(code) && !isHeld) {
          const start = attempt.bytes.subarray(0, 60).toString('hex');
          unclear.push(`${attempt.method} ${start}: ${status[code] ?? code}`);
        }
      }
      channel.close();
    };
    await Promise.all([worker(), worker(), worker()]);
  }
  expect(unclear).toEqual([]);
  expect(await records()).toEqual(before);
  await coordinator.restart();
  await coordinator.join({ name: 'w2', number: 2 });
});
