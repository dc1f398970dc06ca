// Renewals, one master at a time: begun when one is due or asked for and nothing else changes the control
// plane, ended like any change (cluster-state.ts). One that fails ends as well, and is told of its host:
// the certificates that were there go on, and other masters have their turn.
import type { ClusterRecord } from '../../store/records.ts';
import { mastersOf, type Situation } from '../situation.ts';
import { lastHeld } from '../want.ts';
import { firstEndMs, renewalOf } from './standing.ts';

export function beginRenewal(situation: Situation): ClusterRecord {
  const { cluster, now } = situation;
  if (cluster.change !== null) return cluster;
  const due = mastersOf(situation).filter((member) => renewalOf(situation, member).kind === 'next');
  // What ended, or ends first, comes first.
  const endOf = (member: (typeof due)[number]): number => firstEndMs(member) ?? Infinity;
  const [subject] = due.toSorted((a, b) => (endOf(a) === endOf(b) ? 0 : endOf(a) - endOf(b)));
  if (subject === undefined) return cluster;
  const { id, node } = subject;
  const numbersBefore = node.record.sequence;
  return {
    ...cluster,
    change: { kind: 'renew', subjects: [id], delegate: id, beganMs: now, numbersBefore },
  };
}

export function giveUpRenewal(situation: Situation): ClusterRecord {
  const { cluster, topology } = situation;
  const { change } = cluster;
  if (change?.kind !== 'renew') return cluster;
  const subject = topology.byId.get(change.delegate);
  // A host that has left has no certificates to renew.
  if (subject === undefined) return { ...cluster, change: null };
  const held = lastHeld(situation, subject, 'renew');
  if (held === null || held.sequence <= (change.numbersBefore?.[held.lane] ?? 0)) return cluster;
  return { ...cluster, change: null };
}
