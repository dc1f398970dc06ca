// An installed cluster behind the operator's calls, whose plans end as the test says: for the commands
// that cordon, drain and give back a host.
import { keys, type OperatorRequest } from '../../../../coordinator/store/records.ts';
import type { StepOutputs } from '../../../../shared/model/progress.ts';
import { aNode } from '../../../support/cluster-builders.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';
import { type OperatorWorld, operatorWorld } from './operator-world.ts';

export interface DrainingWorld {
  readonly world: OperatorWorld;
  readonly planning: PlanningWorld;
  /** Issues what was asked for, and ends it: outputs by kind of step. @returns the goals that ended */
  work(told?: Readonly<Record<string, StepOutputs>>): Promise<readonly string[]>;
  /** Resolves once so many requests are in the store. */
  asked(count: number): Promise<void>;
  pass(ms: number): Promise<void>;
}

export async function drainingWorld(): Promise<DrainingWorld> {
  const world = operatorWorld();
  const planning = new PlanningWorld([
    ...[1, 2, 3].map((number) => aNode(`m${number}`, number)),
    ...[4, 5].map((number) => aNode(`w${number}`, number, { pool: 'workers' })),
    aNode('spare', 6, { pool: 'workers', facts: { swap: inTheWay } }),
  ]);
  planning.runAll();
  planning.now = world.clock.now();
  const show = async (): Promise<void> => {
    world.nodes = planning.view.nodes;
    world.decision = planning.settle();
    await world.put(planning.view.cluster);
  };
  const requests = async (): Promise<readonly OperatorRequest[]> =>
    (await world.store.range<OperatorRequest>(keys.requests)).map(({ value }) => value);
  for (const { record } of planning.view.nodes) {
    await world.store.put(keys.node(record.id), record, 0);
  }
  await show();
  return {
    world,
    planning,
    async work(told = {}) {
      planning.view = { ...planning.view, requests: await requests() };
      planning.settle();
      const ended = planning.running();
      const usual = { 'cordon-node': { cordoned: 'ours' }, 'uncordon-node': { uncordoned: 'yes' } };
      for (const plan of ended) planning.finish(plan, { ...usual, ...told });
      await show();
      return ended.map(({ goal }) => goal);
    },
    async asked(count) {
      for (;;) {
        const revision = await world.store.revision();
        if ((await requests()).length >= count) return;
        await world.store.changed(revision, new AbortController().signal);
      }
    },
    async pass(ms) {
      world.clock.advance(ms);
      planning.now = world.clock.now();
      planning.view = { ...planning.view, requests: await requests() };
      planning.settle();
      await show();
    },
  };
}

/** Keeps a host from becoming a node. */
const inTheWay = { devices: ['/dev/sda2'], fstabLines: ['/dev/sda2 none swap'], units: [] };
