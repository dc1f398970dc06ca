// Plans that an agent must not carry out, given to a whole one: forged, replayed, for another host,
// expired, lower than what it accepted. Counted is what it began.
import { generateKeyPairSync } from 'node:crypto';
import { asPlanId } from '../../../shared/model/ids.ts';
import { type Envelope, PLAN_PAYLOAD_TYPE, type Plan } from '../../../shared/model/plan.ts';
import { signEnvelope } from '../../../shared/signature.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { AgentInMemory } from '../../support/agent-in-memory.ts';
import { anAnswer, aPlan, aStep, signedAnswer, signedPlan } from '../../support/signed-plans.ts';

export interface ForgedRow {
  readonly what: string;
  readonly tried: number;
  readonly executed: number;
}

const batch = 20;

export async function tryForgedPlans(each: number): Promise<readonly ForgedRow[]> {
  const clock = new FakeClock();
  const issuer = {
    name: [{ CN: ['fleet CA'] }],
    key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  };
  const agent = await AgentInMemory.create({ name: 'w1', number: 1, clock, issuer });
  const planOf = (id: string, changes: Partial<Plan> = {}): Plan => ({
    ...aPlan({ nodeId: agent.identity.nodeId, factsDigest: agent.factsDigest }),
    planId: asPlanId(id),
    epoch: 2,
    sequence: 1_000_000,
    expiresMs: clock.now() + 24 * 3_600_000,
    stages: [
      {
        title: 'one',
        steps: [aStep(id, { args: { path: `/made/${id}`, content: id, mode: 0o600 } })],
      },
    ],
    ...changes,
  });
  const { keys } = agent;
  const other = generateKeyPairSync('ed25519').privateKey;
  const good = signedPlan(planOf('good', { sequence: 100 }), keys.plan);
  const hostile: Readonly<Record<string, (index: number) => Envelope>> = {
    'forged: by another key': (index) => signedPlan(planOf(`forged${index}`), other),
    'forged: by the key of answers': (index) => signedPlan(planOf(`control${index}`), keys.control),
    'forged: a byte changed after signing': (index) => {
      const signed = signEnvelope(
        PLAN_PAYLOAD_TYPE,
        Buffer.from(JSON.stringify(planOf(`byte${index}`))),
        keys.plan,
      );
      const payload = Buffer.from(signed.payload);
      const at = index % payload.length;
      payload[at] = (payload[at] ?? 0) ^ 1;
      return { ...signed, payload };
    },
    replayed: () => good,
    'for another host': (index) =>
      signedPlan(planOf(`host${index}`, { nodeId: 'bbbbbbbbbbbbbbbb' }), keys.plan),
    expired: (index) =>
      signedPlan(planOf(`expired${index}`, { expiresMs: clock.now() - 1 - index }), keys.plan),
    'lower sequence': (index) =>
      signedPlan(planOf(`lower${index}`, { sequence: 99 - (index % 90) }), keys.plan),
    'lower epoch': (index) => signedPlan(planOf(`epoch${index}`, { epoch: 1 }), keys.plan),
  };

  let offered: readonly Envelope[] = [good];
  agent.link.pullPlan = async (poll) => {
    const plans = offered;
    offered = [];
    if (plans.length === 0) await clock.sleep(500);
    const nonce = Buffer.from(poll.nonce).toString('base64');
    const answer = { nonce, nodeId: agent.identity.nodeId, timeMs: clock.now() };
    return { plans, answer: signedAnswer(anAnswer(answer), keys.control) };
  };
  const begun = (): number => agent.records().filter(({ event }) => event === 'step-intent').length;
  agent.start();
  while (!agent.records().some(({ event }) => event === 'plan-finished')) await clock.advance(100);
  if (begun() !== 1) throw new Error('the one good plan was not carried out');

  const rows: ForgedRow[] = [];
  for (const [what, make] of Object.entries(hostile)) {
    const before = begun();
    for (let index = 0; index < each; index += batch) {
      offered = Array.from({ length: Math.min(batch, each - index) }, (_, offset) =>
        make(index + offset),
      );
      while (offered.length > 0) await clock.advance(100);
    }
    await clock.advance(5_000);
    rows.push({ what, tried: each, executed: begun() - before });
  }
  agent.stop();
  return rows;
}
