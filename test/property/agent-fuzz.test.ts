// What reaches an agent, in forms that nobody meant: plans, answers, tokens, its own files, archives.
// Whatever it is, the agent answers with a verdict or an error of ours, and touches nothing.
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { parseAgentConfig } from '../../agent/config.ts';
import { readIdentity } from '../../agent/identity/identity.ts';
import { ensureNodeKey } from '../../agent/identity/node-key.ts';
import { openAccepted } from '../../agent/plan/accepted.ts';
import { noPairs } from '../../agent/plan/accepted-pair.ts';
import { foldRecords } from '../../agent/plan/history.ts';
import { openJournal } from '../../agent/plan/journal.ts';
import { judgeSegments } from '../../agent/plan/journal-files.ts';
import { encodeRecord } from '../../agent/plan/journal-segment.ts';
import { parsePlan } from '../../agent/plan/parse-plan.ts';
import { verifyPlan } from '../../agent/plan/verify.ts';
import { verifyAnswer } from '../../agent/plan/verify-answer.ts';
import { stepRegistry } from '../../agent/steps/registry.ts';
import { unpackArchive } from '../../agent/steps/unpack-archive.ts';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { parseJoinToken } from '../../shared/join-token.ts';
import { asPlanId, asStepId } from '../../shared/model/ids.ts';
import type { JournalRecord } from '../../shared/model/progress.ts';
import { stepKinds } from '../../shared/model/step-kinds.ts';
import { systemRandom } from '../../shared/random.ts';
import { FakeHost } from '../fakes/host.ts';
import { FakeDisk } from '../fakes/state-disk.ts';
import {
  anAnswer,
  aPlan,
  aStep,
  newSigningKeys,
  START_MS,
  signedAnswer,
  signedPlan,
} from '../support/signed-plans.ts';
import { fakeContext } from '../unit/agent/steps/fake-context.ts';

const numRuns = 1_000;
/** Seconds on a machine of its own. */
const patienceMs = 300_000;
const patiently = (name: string, work: () => void | Promise<void>): void =>
  test(name, work, patienceMs);
const keys = newSigningKeys();
const kinds = new Set(Object.keys(stepRegistry));
const noDelay = { delay: async () => {} };

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, -1, 0, 1.5, 2 ** 53, 2 ** 60, 1e308, 9e15, '', '..', '/', '../../etc/shadow'],
    ...['a\nb', 'p\u0000', '\u202e', '__proto__', 'constructor', 'x'.repeat(5_000), [], {}, [[]]],
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.jsonValue({ maxDepth: 2 }),
);

/** Something somewhere in a document is another, missing or too much. */
const mutation = fc.record({
  at: fc.nat(200),
  how: fc.constantFrom('replace' as const, 'remove' as const, 'add' as const),
  value: hostile,
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

type Holder = Record<string, unknown>;

function mutated(document: unknown, mutations: readonly Mutation[]): unknown {
  const copy = structuredClone(document);
  for (const { at, how, value } of mutations) {
    const places: [Holder, string][] = [];
    const walk = (holder: unknown): void => {
      if (holder === null || typeof holder !== 'object') return;
      for (const [name, inner] of Object.entries(holder)) {
        places.push([holder as Holder, name]);
        walk(inner);
      }
    };
    walk(copy);
    const [holder, name] = places[at % Math.max(1, places.length)] ?? [{}, ''];
    if (how === 'remove') delete holder[name];
    // What is put in twice, or in a case after this one, must not hold what was put into it here.
    else holder[how === 'add' ? `${name}x` : name] = structuredClone(value);
  }
  return copy;
}

const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });

const aWholePlan = aPlan({
  stages: [
    {
      title: 'one',
      steps: [
        aStep('write'),
        aStep('units', {
          kind: 'manage-unit',
          args: {
            name: 'a.service',
            content: null,
            enabled: true,
            state: 'any',
            restartOn: ['/a'],
          },
        }),
        aStep('unpack', {
          kind: 'unpack-archive',
          args: {
            artifact: { name: 'a', version: '1', sha256: 'ab'.repeat(32), size: 1 },
            members: [{ from: 'bin/a', to: '/usr/local/bin/a' }],
          },
        }),
        aStep('sysctls', {
          kind: 'set-sysctls',
          args: { values: { 'net.ipv4.ip_forward': '1' }, path: '/etc/sysctl.d/x.conf' },
        }),
      ],
    },
  ],
});

const expectation = {
  keySet: keys.keySet,
  fleet: 'f-1',
  nodeId: 'aaaaaaaaaaaaaaaa',
  accepted: noPairs,
  known: new Map<string, string>(),
  signedNowMs: START_MS,
  skewMs: 0,
  agentVersion: '0.2.0',
  factsDigest: 'digest-of-facts',
  kinds,
  unfinished: { host: [], cluster: [] },
  isJournalCorrupt: false,
};

patiently(
  'a signed plan that is not whole is refused with a reason, and what is taken is whole',
  () => {
    fc.assert(
      fc.property(mutations, (changes) => {
        const plan = mutated(aWholePlan, changes);
        const verdict = verifyPlan(signedPlan(plan, keys.plan), expectation);
        if (verdict.kind === 'refuse') {
          expect(verdict.message.length).toBeLessThan(1_000);
          expect(verdict.planId ?? 'none').toMatch(/^[A-Za-z0-9][A-Za-z0-9-]{0,40}$/);
          return;
        }
        const taken = verdict.plan;
        expect(taken.sequence).toBeLessThanOrEqual(2 ** 48);
        for (const step of taken.stages.flatMap(({ steps }) => steps)) {
          expect(kinds.has(step.kind)).toBe(true);
          expect(stepKinds[step.kind].effects).toContain(step.effect);
          if ('path' in step.args) expect(step.args.path).toMatch(/^\/[^\0\n]*$/);
        }
      }),
      { numRuns },
    );
  },
);

patiently('whatever the bytes of a plan are, they are read or refused', () => {
  const whole = Buffer.from(JSON.stringify(aWholePlan));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((part) => Buffer.from(part)),
    fc.nat(whole.length).map((length) => whole.subarray(0, length)),
    fc.constantFrom('['.repeat(50_000), '{"a":'.repeat(50_000), '"', '1e999').map(Buffer.from),
  );
  fc.assert(
    fc.property(bytes, (payload) => {
      expect(['plan', 'fault']).toContain(parsePlan(payload, kinds).kind);
    }),
    { numRuns },
  );
});

patiently('an envelope in which one bit is another is never taken', () => {
  const envelope = signedPlan(aWholePlan, keys.plan);
  const [signature] = envelope.signatures;
  if (signature === undefined) throw new Error('not signed');
  fc.assert(
    fc.property(fc.constantFrom('payload', 'sig', 'type'), fc.nat(), (where, at) => {
      const flipped = (bytes: Uint8Array): Uint8Array => {
        const copy = Uint8Array.from(bytes);
        const byte = at % copy.length;
        copy[byte] = (copy[byte] ?? 0) ^ (1 << (at % 8));
        return copy;
      };
      const payloadType =
        where === 'type'
          ? Buffer.from(flipped(Buffer.from(envelope.payloadType))).toString('latin1')
          : envelope.payloadType;
      const payload = where === 'payload' ? flipped(envelope.payload) : envelope.payload;
      const sig = where === 'sig' ? flipped(signature.sig) : signature.sig;
      const verdict = verifyPlan(
        { payloadType, payload, signatures: [{ keyid: signature.keyid, sig }] },
        expectation,
      );
      expect(verdict).toMatchObject({ kind: 'refuse', planId: null });
    }),
    { numRuns },
  );
});

patiently(
  'an answer that is not whole does not count, and one that counts names plans only',
  () => {
    const nonce = Buffer.alloc(16, 7);
    const whole = anAnswer({ nonce: nonce.toString('base64'), stop: ['p1'], goOn: ['p2'] });
    const expected = { keySet: keys.keySet, fleet: 'f-1', nodeId: 'aaaaaaaaaaaaaaaa', nonce };
    fc.assert(
      fc.property(mutations, (changes) => {
        const verdict = verifyAnswer(signedAnswer(mutated(whole, changes), keys.control), expected);
        if (verdict.kind === 'refuse') return;
        const { stop, goOn, timeMs } = verdict.answer;
        for (const planId of [...stop, ...goOn]) expect(planId).toMatch(/^[A-Za-z0-9-]{1,41}$/);
        expect(new Date(timeMs).toISOString()).toBeTruthy();
      }),
      { numRuns },
    );
  },
);

patiently('a token is one or it is not, and the error never repeats it', () => {
  const secret = 'S'.repeat(43);
  const token = `mt0123456789.${secret}.${'P'.repeat(43)}.${'K'.repeat(43)}`;
  const broken = fc
    .tuple(fc.nat(token.length), fc.nat(3), fc.string({ unit: 'binary', maxLength: 5 }))
    .map(([at, cut, more]) => token.slice(0, at) + more + token.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(broken, fc.string({ unit: 'binary' })), (text) => {
      try {
        expect(parseJoinToken(text).secret).toHaveLength(43);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'usage' });
        expect((thrown as AppError).message).not.toContain('SSS');
      }
    }),
    { numRuns },
  );
});

patiently('a configuration is read, or every fault of it is named in one line', () => {
  const whole = {
    coordinators: ['c.example:7443', '[::1]:7443'],
    artifacts: ['https://c.example:7480'],
    nodeName: 'w1',
    logLevel: 'info',
  };
  fc.assert(
    fc.property(mutations, (changes) => {
      try {
        const config = parseAgentConfig(
          JSON.stringify(mutated(whole, changes)) ?? '',
          'agent.json',
        );
        for (const url of config.artifacts) expect(new URL(url).protocol).toMatch(/^https?:$/);
        expect(config.coordinators.length).toBeGreaterThan(0);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'usage' });
        expect((thrown as AppError).message).not.toContain('\n');
      }
    }),
    { numRuns },
  );
});

const planId = asPlanId('p1');
const stepId = asStepId('a');
const records: readonly JournalRecord[] = [
  {
    event: 'plan-accepted',
    atMs: 1,
    planId,
    lane: 'host',
    goal: 'g',
    epoch: 1,
    sequence: 1,
    digest: 'd',
    bootId: 'b',
  },
  { event: 'step-intent', atMs: 2, planId, stepId, attempt: 1, unit: 'u' },
  {
    event: 'step-outcome',
    atMs: 3,
    planId,
    stepId,
    attempt: 1,
    result: 'changed',
    durationMs: 1,
    note: null,
    outputs: {},
    error: null,
  },
  { event: 'plan-stop-received', atMs: 4, planId: asPlanId('p2') },
  { event: 'plan-refused', atMs: 5, planId: asPlanId('p3'), reason: 'busy', message: 'm' },
  {
    event: 'plan-finished',
    atMs: 6,
    planId,
    lane: 'host',
    state: 'done',
    changedSteps: 1,
    error: null,
  },
];

interface Harm {
  readonly kind: 'flip' | 'truncate' | 'garbage' | 'other-record';
  readonly at: number;
  readonly bytes: Uint8Array;
}

const harm: fc.Arbitrary<Harm> = fc.record({
  kind: fc.constantFrom('flip', 'truncate', 'garbage', 'other-record'),
  at: fc.nat(1_000),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
    // With a checksum that is right: only what is inside is not.
    hostile.map((value) => Buffer.from(JSON.stringify(value) ?? 'x')),
    fc
      .tuple(fc.constantFrom(...records), mutations)
      .map(([record, changes]) => Buffer.from(JSON.stringify(mutated(record, changes)))),
  ),
});

patiently(
  'whatever is in a journal’s files, what can be read is a beginning of what was written',
  () => {
    fc.assert(
      fc.property(fc.array(harm, { minLength: 1, maxLength: 3 }), (harms) => {
        const written = records.map((record, index) =>
          encodeRecord(index, Buffer.from(JSON.stringify(record))),
        );
        for (const { kind, at, bytes } of harms) {
          if (kind === 'other-record' && bytes.length > 0)
            written[at % 6] = encodeRecord(at % 6, bytes);
        }
        let file = Buffer.concat([...written, Buffer.alloc(100)]);
        for (const { kind, at, bytes } of harms) {
          const place = at % file.length;
          if (kind === 'truncate') file = file.subarray(0, place + 1);
          if (kind === 'flip') file[place] = (file[place] ?? 0) ^ (1 << (at % 8));
          if (kind === 'garbage') file.set(bytes.subarray(0, file.length - place), place);
        }
        const { segments, damage } = judgeSegments([{ path: '/j/000000000000.log', bytes: file }]);
        const read = segments.flatMap(({ entries }) => entries.map(({ record }) => record));
        // A record that was exchanged for another whole one is that one: it decides what runs.
        const { plans } = foldRecords(read);
        for (const plan of plans.values()) {
          expect(plan.planId).toMatch(/^[A-Za-z0-9][A-Za-z0-9-]{0,40}$/);
          expect(['host', 'cluster']).toContain(plan.lane);
          expect([null, 'done', 'failed', 'stopped', 'expired']).toContain(plan.finished);
          for (const { attempt } of plan.steps.values()) expect(attempt).toBeGreaterThanOrEqual(0);
        }
        if (damage === null && harms.every(({ kind }) => kind !== 'other-record'))
          expect(records.slice(0, read.length)).toEqual(read);
      }),
      { numRuns },
    );
  },
);

const spoiled = (whole: Buffer): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(whole.length).map((length) => Buffer.from(whole.subarray(0, length))),
    fc
      .tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 9 }))
      .map(([at, bytes]) => {
        const copy = Buffer.from(whole);
        copy.set(bytes.subarray(0, copy.length - at), at);
        return copy;
      }),
    hostile.map((value) => Buffer.from(JSON.stringify(value) ?? '')),
  );

patiently('the file of accepted pairs is read, or said to be damaged', async () => {
  const disk = new FakeDisk(noDelay);
  const store = await openAccepted(disk, '/accepted');
  await store.raise('host', { epoch: 1, sequence: 7, digest: 'd' });
  const whole = (await disk.read('/accepted')) ?? Buffer.alloc(0);
  await fc.assert(
    fc.asyncProperty(spoiled(whole), async (bytes) => {
      const spoilt = new FakeDisk(noDelay);
      await spoilt.replace('/accepted', bytes);
      try {
        const pairs = (await openAccepted(spoilt, '/accepted')).pairs();
        expect([null, 7]).toContain(pairs.host?.sequence ?? null);
      } catch (thrown) {
        expect(thrown).toMatchObject({ code: 'journal-corrupt', message: /journal go-on/ });
      }
    }),
    { numRuns },
  );
});

patiently('a journal whose position is damaged begins a new id, and loses no record', async () => {
  await fc.assert(
    fc.asyncProperty(
      spoiled(Buffer.from('{"id":"j1","began":0,"acknowledged":1}')),
      async (bytes) => {
        const disk = new FakeDisk(noDelay);
        const options = { disk, directory: '/j', random: systemRandom, segmentBytes: 2_000 };
        const first = await openJournal(options);
        for (const record of records) await first.append(record);
        await first.close();
        await disk.replace('/j/position.json', bytes);
        const again = await openJournal(options);
        expect(again.corruption).toBeNull();
        expect(again.entries()).toHaveLength(records.length);
        expect(again.acknowledged).toBeLessThanOrEqual(again.end);
        expect(again.end).toBeGreaterThanOrEqual(0);
      },
    ),
    { numRuns: 300 },
  );
});

patiently('a damaged identity is no identity or says that it is damaged', async () => {
  const disk = new FakeDisk(noDelay);
  const folder = { disk, directory: '/identity' };
  const { nodeId, pem } = await ensureNodeKey(folder);
  const stored = Buffer.from(
    JSON.stringify({
      schema: 'muster/identity/v1',
      ...{ fleet: 'f-1', nodeId, cluster: 'lab', pool: 'workers', counter: 1 },
      ...{ chainPem: 'x', tokenId: 'mt0123456789', keySetDigest: 'd' },
    }),
  );
  const files = fc.oneof(
    spoiled(stored).map((bytes) => ['identity.json', bytes] as const),
    spoiled(Buffer.from(pem)).map((bytes) => ['node.key', bytes] as const),
  );
  await disk.replace('/identity/fleet-ca.crt', 'x');
  await disk.replace('/identity/key-set.json', '{}');
  await fc.assert(
    fc.asyncProperty(files, async ([name, bytes]) => {
      await disk.replace('/identity/identity.json', stored);
      await disk.replace('/identity/node.key', pem);
      await disk.replace(`/identity/${name}`, bytes);
      await expect(readIdentity(folder)).rejects.toMatchObject({ code: 'invalid' });
    }),
    { numRuns: 300 },
  );
});

const entryNames = [
  ...['bin/a', './bin/a', '../bin/a', '/bin/a', 'bin/../../etc/passwd', '/etc/passwd'],
  ...['bin', 'bin/a/', 'bin\\a', 'bin/a\u0000b', `${'d/'.repeat(120)}a`, '__proto__', ''],
];
const types = ['file', 'link', 'symlink', 'character-device', 'block-device', 'fifo', 'directory'];

const entry = fc.record({
  name: fc.constantFrom(...entryNames),
  type: fc.constantFrom(...types),
  content: fc.string({ maxLength: 40 }),
  linkname: fc.constantFrom('/etc/shadow', '../x', 'bin/a'),
});

async function archiveOf(
  entries: readonly (typeof entry extends fc.Arbitrary<infer T> ? T : never)[],
): Promise<Buffer> {
  const writer = pack();
  for (const { name, type, content, linkname } of entries) {
    const header = { name, type, linkname, uid: 0, mode: 0o6777 } as Parameters<
      ReturnType<typeof pack>['entry']
    >[0];
    if (type === 'file') writer.entry(header, content);
    else writer.entry(header).end(null);
  }
  writer.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of writer as AsyncIterable<Uint8Array>) parts.push(part);
  return Buffer.concat(parts);
}

patiently(
  'of an archive only what was named is written, and only where the plan says',
  async () => {
    const sha256 = 'ab'.repeat(32);
    const args = {
      artifact: { name: 'tool', version: '1', sha256, size: 1 },
      members: [{ from: 'bin/a', to: '/usr/local/bin/a' }],
    };
    const spoils = fc.option(
      fc.tuple(fc.nat(4_000), fc.uint8Array({ minLength: 1, maxLength: 40 })),
    );
    let unpacked = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 4 }),
        spoils,
        fc.nat(12_000),
        async (entries, spoil, cut) => {
          const content = await archiveOf(entries);
          if (spoil !== null)
            content.set(
              spoil[1].subarray(0, content.length - (spoil[0] % content.length)),
              spoil[0] % content.length,
            );
          const host = new FakeHost().put(`/store/${sha256}`, content.subarray(0, cut), 0o600);
          const context = fakeContext(host);
          try {
            await unpackArchive.apply(args, context);
            unpacked += 1;
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(AppError);
            expect(thrown).toMatchObject({ code: 'artifact' });
          }
          const record = /^write \/state\/unpacked\/[0-9a-f-]+\.json 0600$/;
          for (const change of host.changes)
            expect(change === 'write /usr/local/bin/a 0755' || record.test(change)).toBe(true);
          // Nothing was run.
          expect(host.lines).toEqual(host.changes);
        },
      ),
      { numRuns },
    );
    // The other case occurred too.
    expect(unpacked).toBeGreaterThan(10);
  },
);

patiently('a record of what was unpacked that is damaged means: unpack again', async () => {
  const args = {
    artifact: { name: 'tool', version: '1', sha256: 'ab'.repeat(32), size: 1 },
    members: [{ from: 'bin/a', to: '/usr/local/bin/a' }],
  };
  const targets = sha256Hex(JSON.stringify(args.members)).slice(0, 12);
  const path = `/state/unpacked/${args.artifact.sha256}-${targets}.json`;
  await fc.assert(
    fc.asyncProperty(spoiled(Buffer.from('{"/usr/local/bin/a":"00"}')), async (bytes) => {
      const host = new FakeHost().put('/usr/local/bin/a', 'x', 0o755).put(path, bytes.toString());
      expect(await unpackArchive.check(args, fakeContext(host))).toMatchObject({
        kind: 'needed',
      });
    }),
    { numRuns: 300 },
  );
});
