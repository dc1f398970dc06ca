// The Fleet service: what members may call. Who the caller is comes from the guard (members.ts), so
// no request field can name another node.
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import type { Handlers } from '../../shared/rpc/handler.ts';
import { createAdoptSequences } from './fleet/adopt-sequences.ts';
import type { FleetDependencies } from './fleet/fleet-dependencies.ts';
import { pullPlan } from './fleet/pull-plan.ts';
import { renew } from './fleet/renew.ts';
import { reportFacts } from './fleet/report-facts.ts';
import { createReportProgress } from './fleet/report-progress.ts';
import { signCertificate } from './fleet/sign-certificate.ts';

export function fleetHandlers(deps: FleetDependencies): Handlers<FleetDefinition> {
  const { members } = deps;
  const reportProgress = createReportProgress(deps);
  const polls = { ...deps, adoptSequences: createAdoptSequences(deps) };
  return {
    ReportFacts: async (request, context) =>
      reportFacts(deps, members.caller(context), {
        facts: request.facts,
        source: members.presented(context).source,
      }),
    PullPlan: async (request, context) => pullPlan(polls, request, context),
    ReportProgress: async (request, context) => reportProgress(members.caller(context), request),
    SignCertificate: async (request, context) =>
      signCertificate(deps, members.caller(context), request),
    Renew: async (request, context) =>
      renew(deps, members.caller(context), request, members.presented(context)),
  };
}
