// A store as version 0.1 left it, brought to the shape of today: once, when a coordinator opens it, one
// record at a time, so that a crash in between is gone on from. The fleet's record says the shape, and
// is written last; an older program finds a shape it does not know, and a newer store is refused here.
import { AppError } from '../../shared/errors.ts';
import type { StepId } from '../../shared/model/ids.ts';
import type { ComponentName, Digests } from '../components/component.ts';
import { originOf } from '../identity/origin.ts';
import {
  type GoalKey,
  type GoalKind,
  goalKinds,
  inputsDigestOf,
} from '../plan-records/goal-key.ts';
import { fillSpecs } from './fill-specs.ts';
import {
  type ClusterRecord,
  type FactsRecord,
  type FleetRecord,
  keys,
  type NodeRecord,
  type PlanRecord,
  STORE_SCHEMA,
} from './records.ts';
import { type Store, type Stored, update } from './store.ts';

/** @throws AppError conflict when a newer version of Muster has written the store */
export async function upgradeRecords(store: Store): Promise<void> {
  const fleet = await store.get<FleetRecord>(keys.fleet);
  if (fleet === null) return;
  const schema = fleet.value.schema ?? 1;
  if (schema > STORE_SCHEMA) {
    throw new AppError(
      'conflict',
      `the store was written by a newer version of Muster (records of shape ${schema}, this one knows ${STORE_SCHEMA}): run that version, or restore a backup made with this one`,
    );
  }
  await fillOrigins(store);
  await fillSpecs(store);
  if (schema === STORE_SCHEMA) return;
  await upgradePlans(store);
  await upgradeClusters(store);
  await upgradeNodes(store);
  await update<FleetRecord>(store, keys.fleet, (current) =>
    current === null ? null : { ...current, schema: STORE_SCHEMA },
  );
}

type OldPlan = Omit<PlanRecord, 'goalKey' | 'brings'> & { readonly contentKey?: string };

async function upgradePlans(store: Store): Promise<void> {
  const tokens = tokensMade(await store.range<PlanRecord | OldPlan>(keys.plans));
  for (const { key } of await store.range<unknown>(keys.plans)) {
    await update<PlanRecord | OldPlan>(store, key, (current) => {
      if (current === null || 'goalKey' in current) return null;
      const { contentKey = '', ...rest } = current;
      const goalKey = aboutConsumer(goalKeyFrom(contentKey, rest.nodeId), tokens);
      return { ...rest, goalKey, brings: bringsOf(goalKey.kind, current) };
    });
  }
}

/**
 * Version 0.1 wrote SLUG/REST#GENERATION: `prepare/NODE/DIGEST`, `credentials/NODE/MASTER/COUNT`,
 * `forget/PLAN`, `smoke/install`, `request/ID`.
 */
export function goalKeyFrom(contentKey: string, nodeId: string): GoalKey {
  const [path = '', generation = '0'] = contentKey.split('#');
  const [slug = '', subject = nodeId, ...rest] = path.split('/');
  const kind = oldSlugs[slug] ?? (isGoalKind(slug) ? slug : 'user-certificate');
  return { kind, subject, inputsDigest: rest.join('/'), generation: Number(generation) };
}

interface MadeToken {
  readonly consumer: string;
  readonly tokenId: string;
}

/** Which join credentials were made by which plan. */
function tokensMade(
  plans: readonly Stored<PlanRecord | OldPlan>[],
): ReadonlyMap<string, MadeToken> {
  return new Map(
    plans.flatMap(({ value }) => {
      const key = 'goalKey' in value ? value.goalKey : goalKeyFrom(value.contentKey ?? '', '');
      const tokenId = value.steps.find(({ stepId }) => stepId === 'credentials')?.outputs[
        'tokenId'
      ];
      if (key.kind !== 'credentials' || tokenId === undefined) return [];
      return [[value.planId, { consumer: key.subject, tokenId }] as const];
    }),
  );
}

/** Version 0.1 forgot what a plan had made; now it is a token of a host that is forgotten. */
function aboutConsumer(key: GoalKey, tokens: ReadonlyMap<string, MadeToken>): GoalKey {
  const made = key.kind === 'forget-credentials' ? tokens.get(key.subject) : undefined;
  if (made === undefined) return key;
  return { ...key, subject: made.consumer, inputsDigest: inputsDigestOf(made.tokenId) };
}

const oldSlugs: Readonly<Record<string, GoalKind>> = {
  keys: 'cluster-keys',
  forget: 'forget-credentials',
  smoke: 'smoke-test',
};

const isGoalKind = (text: string): text is GoalKind =>
  (goalKinds as readonly string[]).includes(text);

type OldCluster = Omit<ClusterRecord, 'etcd' | 'change' | 'reached' | 'specGeneration'> & {
  readonly etcdReady?: boolean;
  readonly change: {
    readonly kind: 'init' | 'join';
    readonly subject: string;
    readonly beganMs: number;
  } | null;
};

async function upgradeClusters(store: Store): Promise<void> {
  const plans = (await store.range<PlanRecord>(keys.plans)).map(({ value }) => value);
  for (const { key } of await store.range<unknown>(keys.clusters)) {
    await update<ClusterRecord | OldCluster>(store, key, (current) => {
      if (current === null || 'reached' in current) return null;
      const { etcdReady: _, change, caDigest, ...rest } = current;
      const mine = plans.filter(({ cluster, state }) => cluster === rest.name && state === 'done');
      return {
        ...rest,
        specGeneration: 1,
        // Agreed on again from the hosts that have a member: version 0.1 recorded no list.
        etcd: null,
        change: change === null ? null : changeFrom(change),
        // It wrote `unknown` when a host did not say; that is no digest.
        caDigest: caDigest === 'unknown' ? null : caDigest,
        reached: {
          ...milestone('first-snapshot', 'snapshot', mine),
          ...milestone(
            'smoke-test',
            'smoke-test',
            mine.filter(({ goalKey }) => goalKey.subject === 'install'),
          ),
        },
      } as ClusterRecord;
    });
  }
}

const changeFrom = ({ kind, subject, beganMs }: NonNullable<OldCluster['change']>) => ({
  kind,
  subjects: [subject],
  delegate: subject,
  beganMs,
});

function milestone(name: string, kind: GoalKind, plans: readonly PlanRecord[]): object {
  const plan = plans.find(({ goalKey }) => goalKey.kind === kind);
  return plan === undefined ? {} : { [name]: { atMs: plan.finishedMs ?? plan.issuedMs } };
}

/** What plans of version 0.1 leave on their host; it kept no digests. Newer components have no place here. */
const broughtBy: Readonly<Partial<Record<GoalKind, readonly ComponentName[]>>> = {
  stage: ['artifacts'],
  prepare: ['settings', 'runtime', 'network', 'kubernetes', 'api-proxy'],
  init: ['control-plane'],
  'smoke-image': ['smoke-image'],
};

function bringsOf(kind: GoalKind, plan: OldPlan): Digests {
  const steps = plan.stages.flatMap(({ steps }) => steps.map(({ id }) => id));
  const names: readonly ComponentName[] =
    kind === 'join'
      ? [plan.goal === 'join as worker' ? 'node' : 'control-plane']
      : [
          ...(broughtBy[kind] ?? []),
          ...(kind === 'prepare' && steps.includes('etcd' as StepId) ? (['etcd'] as const) : []),
        ];
  return Object.fromEntries(names.map((name) => [name, null]));
}

/**
 * Versions that did not keep what a host showed when it joined: what it reported last stands for it. They
 * counted a renewal when they answered it, so of a lost answer the host does not know.
 */
async function fillOrigins(store: Store): Promise<void> {
  for (const { key, value } of await store.range<NodeRecord>(keys.nodes)) {
    if (value.origin !== undefined) continue;
    const facts = await store.get<FactsRecord>(keys.facts(value.id));
    if (facts === null) continue;
    const origin = originOf(facts.value.facts);
    await update<NodeRecord>(store, key, (current) =>
      current === null || current.origin !== undefined
        ? null
        : { ...current, origin, takesNextCounter: true },
    );
  }
}

async function upgradeNodes(store: Store): Promise<void> {
  for (const { key } of await store.range<unknown>(keys.nodes)) {
    await update<NodeRecord | Omit<NodeRecord, 'applied' | 'retryGeneration'>>(
      store,
      key,
      // What its plans left there is learned from their records, as of any other plan.
      (current) =>
        current === null || 'applied' in current
          ? null
          : { ...current, applied: {}, retryGeneration: 0 },
    );
  }
}
