// The Fleet service: what members may call. Who the caller is comes from the guard (members.ts), so
// no request field can name another node.
import { digestOf } from '../../shared/canonical.ts';
import { planningFacts } from '../../shared/model/facts.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import type { Handlers } from '../../shared/rpc/handler.ts';
import { type FactsRecord, keys, type NodeRecord } from '../store/records.ts';
import { update } from '../store/store.ts';
import { createAdoptSequences } from './fleet/adopt-sequences.ts';
import type { FleetDependencies } from './fleet/fleet-dependencies.ts';
import { hasChanged, parseFacts } from './fleet/parse-facts.ts';
import { pullPlan } from './fleet/pull-plan.ts';
import { renew } from './fleet/renew.ts';
import { createReportProgress } from './fleet/report-progress.ts';
import { signCertificate } from './fleet/sign-certificate.ts';

export function fleetHandlers(deps: FleetDependencies): Handlers<FleetDefinition> {
  const { members } = deps;
  const reportProgress = createReportProgress(deps);
  const polls = { ...deps, adoptSequences: createAdoptSequences(deps) };
  return {
    ReportFacts: async (request, context) =>
      reportFacts(deps, members.caller(context), request.facts),
    PullPlan: async (request, context) => pullPlan(polls, request, context),
    ReportProgress: async (request, context) => reportProgress(members.caller(context), request),
    SignCertificate: async (request, context) =>
      signCertificate(deps, members.caller(context), request),
    Renew: async (request, context) => renew(deps, members.caller(context), request),
  };
}

async function reportFacts(
  deps: FleetDependencies,
  caller: NodeRecord,
  bytes: Uint8Array,
): Promise<{ digest: string }> {
  const facts = parseFacts(bytes);
  const digest = digestOf(planningFacts(facts));
  const reportedMs = deps.clock.now();
  deps.polls.factsReported(caller.id);
  await update<FactsRecord>(deps.store, keys.facts(caller.id), (current) =>
    current !== null && current.digest === digest && !hasChanged(current.facts, facts)
      ? null
      : { nodeId: caller.id, digest, reportedMs, facts },
  );
  return { digest };
}
