import { expect, test } from 'vitest';
import { collectFacts } from '../../../../agent/facts/collect.ts';
import { createNodeHost } from '../../../../agent/host/node-host.ts';
import { parseFacts } from '../../../../coordinator/rpc/fleet/parse-facts.ts';
import { systemClock } from '../../../../shared/clock.ts';
import { type Logger, silentLogger } from '../../../../shared/log.ts';
import { jsonToWire } from '../../../../shared/rpc/codec.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { FakeMachine } from '../../../fakes/machine.ts';

const clock = { ...systemClock, now: () => 5_000 };
const given = { clock, agentVersion: '1.2.3', clockSkewMs: null };

test('a machine on which nothing can be read has facts all the same', async () => {
  const machine = new FakeMachine();
  machine.hasMemory = false;
  const facts = await collectFacts({
    ...given,
    host: new FakeHost(),
    log: silentLogger,
    machine,
  });
  expect(facts).toMatchObject({
    schema: 'muster/facts/v1',
    collectedAtMs: 5_000,
    hostname: 'node-1',
    agentVersion: '1.2.3',
    clockSkewMs: null,
    cpus: 2,
  });
  for (const name of ['machineId', 'os', 'modules', 'memoryBytes', 'disks', 'ports', 'clock']) {
    expect(facts, name).toHaveProperty(name, 'unknown');
  }
  expect(parseFacts(jsonToWire(facts))).toEqual(facts);
});

test('a host whose every file fails to read has facts all the same', async () => {
  const host = new FakeHost();
  const refuse = async (): Promise<never> => {
    throw new Error('EACCES');
  };
  Object.assign(host, { readFile: refuse, stat: refuse, list: refuse, read: refuse });
  const machine = new FakeMachine();
  const facts = await collectFacts({ ...given, host, log: silentLogger, machine });
  expect(facts.selinux).toBe('unknown');
  expect(facts.leftovers).toBe('unknown');
  expect(facts.tools).toBe('unknown');
});

test('each failure is told once, at debug', async () => {
  const told: string[] = [];
  const log: Logger = {
    ...silentLogger,
    debug: (fields, message) => void told.push(`${message} ${JSON.stringify(fields)}`),
  };
  const options = { ...given, host: new FakeHost(), log, machine: new FakeMachine() };
  await collectFacts(options);
  const first = told.length;
  expect(told.some((line) => line.includes('"fact":"machineId"'))).toBe(true);
  await collectFacts(options);
  expect(first).toBeGreaterThan(5);
  expect(told).toHaveLength(first);
});

test('the facts of this machine have the shape that the coordinator takes', async () => {
  const host = createNodeHost({ log: silentLogger });
  const facts = await collectFacts({ ...given, clockSkewMs: 3, host, log: silentLogger });
  expect(parseFacts(jsonToWire(facts))).toEqual(facts);
  expect(facts.memoryBytes).toBeGreaterThan(0);
  expect(facts.cpus).toBeGreaterThan(0);
  expect(facts.addresses).toContainEqual(expect.objectContaining({ address: '127.0.0.1' }));
  expect(facts.disks).toHaveLength(6);
});
