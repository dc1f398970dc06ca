// What one turn of the coordinator costs on a fleet at rest, and how long an operator waits for
// `get nodes`: on the embedded store, with every agent polling, through the program's own parts.
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { formatTable } from '../../coordinator/cli/table.ts';
import { createCoordinator } from '../../coordinator/coordinator.ts';
import { createRefusedJoins } from '../../coordinator/enrollment/refused-joins.ts';
import { createEventFeed } from '../../coordinator/events/event-feed.ts';
import { initCoordinator } from '../../coordinator/init.ts';
import { openPlans } from '../../coordinator/plan-records/plans.ts';
import { decide } from '../../coordinator/planner/decide.ts';
import { createPolls, type PollTold } from '../../coordinator/presence/polls.ts';
import { createReadModel } from '../../coordinator/read-model.ts';
import { serve } from '../../coordinator/serve.ts';
import { openSqliteStore } from '../../coordinator/store/sqlite-store.ts';
import { systemClock } from '../../shared/clock.ts';
import { silentLogger } from '../../shared/log.ts';
import { noSnapshots, recordedAudit } from '../support/quiet-parts.ts';
import { type InstalledFleet, installedFleet, storeFleet } from './installed-fleet.ts';

const sizes = [10, 100, 1000];
const turns = 50;

interface Figures {
  readonly hosts: number;
  /** Milliseconds: the median, and the slowest of ten of a hundred. */
  readonly turnMs: number;
  readonly slowMs: number;
  /** Milliseconds of the turn after one host's poll. */
  readonly afterPollMs: number;
  /** Seconds, the whole command. */
  readonly getNodesSeconds: number;
}

export async function measureTurn(): Promise<void> {
  const rows: Figures[] = [];
  for (const hosts of sizes) rows.push(await measure(hosts));
  const header = ['HOSTS', 'TURN', 'SLOW TURN', 'AFTER A POLL', 'GET NODES'];
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  process.stdout.write(
    formatTable(
      header,
      rows.map((row) => [
        String(row.hosts),
        ms(row.turnMs),
        ms(row.slowMs),
        ms(row.afterPollMs),
        `${row.getNodesSeconds.toFixed(2)} s`,
      ]),
    ),
  );
}

async function measure(hosts: number): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  try {
    await initCoordinator({
      dataDir: directory,
      addresses: ['127.0.0.1'],
      grpcPort: 0,
      httpsPort: 0,
    });
    const fleet = installedFleet(hosts);
    const times = await measureTurns(join(directory, 'store.db'), fleet);
    return { hosts, ...times, getNodesSeconds: await measureGetNodes(directory) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const told = (poll: number): PollTold => ({
  instanceId: 'bench',
  poll,
  bootId: 'b',
  agentVersion: '0.2.0',
  factsDigest: 'd',
  lanes: [],
  journalId: 'j',
  journalEnd: 0,
  trouble: null,
});

async function measureTurns(path: string, fleet: InstalledFleet) {
  const store = openSqliteStore(path);
  await storeFleet(store, fleet);
  const clock = systemClock;
  const polls = createPolls(clock);
  const stored = new Set(fleet.cluster.lock.artifacts.map(({ sha256 }) => sha256));
  const audit = recordedAudit();
  const plans = await openPlans(store);
  const coordinator = createCoordinator({
    store,
    polls,
    model: createReadModel({ store, polls, artifacts: async () => ({ stored, pulling: false }) }),
    clock,
    log: silentLogger,
    audit,
    plans,
    refused: createRefusedJoins(clock),
    decide,
    snapshots: noSnapshots,
    issue: {
      fleet: 'bench',
      epoch: 1,
      store,
      planKey: generateKeyPairSync('ed25519').privateKey,
      clock,
      log: silentLogger,
      audit,
      feed: createEventFeed(clock),
      plans,
      wake: () => {},
    },
  });
  for (const { record } of fleet.nodes) polls.begin(record.id, told(1)).end();
  await coordinator.turn();
  const timed = async (): Promise<number> => {
    const began = performance.now();
    await coordinator.turn();
    return performance.now() - began;
  };
  const at: number[] = [];
  const after: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    at.push(await timed());
    const node = fleet.nodes[turn % fleet.nodes.length];
    if (node !== undefined) polls.begin(node.record.id, told(turn + 2)).end();
    after.push(await timed());
  }
  await store.close();
  return {
    turnMs: quantile(at, 0.5),
    slowMs: quantile(at, 0.9),
    afterPollMs: quantile(after, 0.5),
  };
}

const quantile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;

/** The command as an operator runs it, against a coordinator that serves. */
async function measureGetNodes(dataDir: string): Promise<number> {
  const stopping = new AbortController();
  const running = await serve({
    dataDir,
    listen: { host: '127.0.0.1', grpcPort: 0, httpsPort: 0 },
    agentBinaries: {},
    log: silentLogger,
    signal: stopping.signal,
  });
  try {
    const main = join(import.meta.dirname, '../../coordinator/main.ts');
    const times: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const began = performance.now();
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [main, 'get', 'nodes', '--data', dataDir],
        { maxBuffer: 64 * 1024 * 1024 },
      );
      if (!stdout.includes('w1')) throw new Error('get nodes shows no host');
      times.push((performance.now() - began) / 1000);
    }
    return quantile(times, 0.5);
  } finally {
    await running.stop();
  }
}
