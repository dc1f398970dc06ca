// The certificates of a master and of its etcd member, renewed by the change that the cluster's record
// names. Where some of the cluster have ended its gates cannot be green, and waiting for them would mean
// that nothing is ever renewed: then the gates that would need them are left out.
import { renewCertificates } from '../../runbooks/renew-certificates.ts';
import { changes } from '../changes.ts';
import { desiredOf } from '../desired.ts';
import { type Goal, nothing, wants } from '../goal.ts';
import { hasEnded, isKubeletOver } from '../renewal/standing.ts';
import { mastersOf, recordedCa } from '../situation.ts';
import { initInputs } from './init.ts';

export const renew: Goal = {
  kind: 'renew',
  wishes: (situation) => {
    const { cluster, topology } = situation;
    const { change } = cluster;
    const subject = change === null ? undefined : topology.byId.get(change.delegate);
    if (change?.kind !== 'renew' || subject === undefined) return nothing;
    const masters = mastersOf(situation);
    const ended = masters.filter((member) => hasEnded(situation, member));
    const hasBefore = ended.length === 0;
    const hasAfter = ended.every(({ id }) => id === subject.id);
    const isNodeSeen = !isKubeletOver(situation, subject);
    const { gateBefore, gateAfter } = changes.renew;
    return wants({
      kind: 'renew',
      subject: subject.id,
      by: subject,
      goal: 'renew certificates',
      inputs: () => [change.beganMs, hasBefore, hasAfter, isNodeSeen],
      stages: () =>
        renewCertificates(
          {
            ...initInputs(situation, subject),
            renewal: `renewal-${change.beganMs}`,
            caDigest: recordedCa(situation),
            masterHosts: masters,
            etcdCertificates: desiredOf(situation, subject).host().stepsOf('certificates'),
          },
          {
            before: hasBefore ? gateBefore : null,
            after: hasAfter
              ? { ...gateAfter, subjectNode: gateAfter.subjectNode && isNodeSeen }
              : null,
          },
        ),
    });
  },
};
