// Lets pods come to a host again: only what this owner has cordoned, so that a rollout that ends never
// takes away what an operator did by hand. An operator takes any cordon away. A Node that is gone needs
// nothing.
import { CORDON_OPERATOR } from '../../shared/model/drain.ts';
import type { CordonArgs } from '../../shared/model/step.ts';
import { cordonOf, putCordon } from './cordon-mark.ts';
import { lookPatiently, withAdminApi } from './kube-session.ts';
import { ownNode } from './own-node.ts';
import type { CheckResult, StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

export const uncordonNode: StepRunner<'uncordon-node'> = {
  kind: 'uncordon-node',
  title: ({ node }) => `uncordon ${node}`,

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
        await putCordon(api, found, { of: args, cordon: { isCordoned: false, owner: '' } });
      });
    });
    return {};
  },
};

function judge(found: unknown, { node, owner }: CordonArgs): CheckResult {
  const now = found === null ? null : cordonOf(found);
  const isFree = now === null || (!now.isCordoned && now.owner === '');
  if (isFree) return { kind: 'satisfied', outputs: { uncordoned: 'yes' } };
  const isOurs = owner === CORDON_OPERATOR || now.owner === owner;
  if (isOurs) return { kind: 'needed', why: `${node} is cordoned by ${now.owner || 'hand'}` };
  // A mark that another has left on a Node that takes pods is in nobody's way.
  if (!now.isCordoned) return { kind: 'satisfied', outputs: { uncordoned: 'yes' } };
  const note = `${node} was cordoned by ${now.owner || 'hand'}, and stays so`;
  return { kind: 'satisfied', outputs: { uncordoned: 'not-ours' }, note };
}
