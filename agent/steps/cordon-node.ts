// Keeps new pods off a host. What somebody else has cordoned already is left as it is, and is theirs to
// take away; only an operator takes over what a rollout has cordoned, because it asked by name.
import { CORDON_OPERATOR } from '../../shared/model/drain.ts';
import type { CordonArgs } from '../../shared/model/step.ts';
import { cordonOf, putCordon } from './cordon-mark.ts';
import { lookPatiently, withAdminApi } from './kube-session.ts';
import { ownNode } from './own-node.ts';
import type { CheckResult, StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

export const cordonNode: StepRunner<'cordon-node'> = {
  kind: 'cordon-node',
  title: ({ node }) => `cordon ${node}`,

  async check(args, context) {
    return await withAdminApi(context, async (api) => {
      return judge(await lookPatiently(context, async () => await ownNode(api, args)), args);
    });
  },

  async apply(args, context) {
    await withAdminApi(context, async (api) => {
      await patiently(context, async () => {
        const found = await ownNode(api, args);
        if (judge(found, args).kind === 'satisfied') return;
        const cordon = { isCordoned: true, owner: args.owner };
        await putCordon(api, found, { of: args, cordon });
      });
    });
    return {};
  },
};

function judge(found: unknown, { node, owner }: CordonArgs): CheckResult {
  if (found === null) {
    return {
      kind: 'satisfied',
      outputs: { cordoned: 'gone' },
      note: `${node} is not in the cluster`,
    };
  }
  const now = cordonOf(found);
  if (!now.isCordoned) return { kind: 'needed', why: `pods may still come to ${node}` };
  if (now.owner === owner) return { kind: 'satisfied', outputs: { cordoned: 'ours' } };
  if (owner === CORDON_OPERATOR && now.owner !== '') {
    return { kind: 'needed', why: `${node} is cordoned by ${now.owner}` };
  }
  const note = `${node} was cordoned already, by ${now.owner === '' ? 'hand' : now.owner}`;
  return { kind: 'satisfied', outputs: { cordoned: 'others' }, note };
}
