// What operators asked for once: a certificate the cluster signs, another smoke test. Each is one
// plan in the cluster lane of a master.

import { signOperator } from '../runbooks/after-install.ts';
import type { OperatorRequest } from '../store/records.ts';
import { runSmokeTest } from './after-install.ts';
import type { InstallContext } from './install-context.ts';

export function operatorRequests(context: InstallContext): void {
  for (const request of context.view.requests) {
    if (request.cluster !== context.view.cluster.name) continue;
    serve(context, request);
  }
}

function serve(context: InstallContext, request: OperatorRequest): void {
  const key = `request/${request.id}`;
  if (request.kind === 'smoke-test') {
    runSmokeTest(context, { runId: request.id, key });
    return;
  }
  const isServed = context.view.nodes.some((node) =>
    node.plans.some((plan) => plan.state === 'done' && plan.contentKey.startsWith(`${key}#`)),
  );
  const delegate = context.delegate();
  if (isServed || delegate === null) return;
  context.turn.want({
    member: delegate,
    lane: 'cluster',
    goal: `sign a certificate for ${request.user}`,
    key,
    stages: () => signOperator(request),
  });
}
