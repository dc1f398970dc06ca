// Labels and taints that the spec gives a host's Node: what they should be, and what the host is known to
// have been given, at its registration or by a later change. A node's record keeps the whole text and not
// a digest of it, because a change takes away what was given before. Pure.
import { canonicalJson } from '../../shared/canonical.ts';
import type { NodeGifts } from '../../shared/model/step.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
import { openRollout } from './rollout/standings.ts';
import type { Situation } from './situation.ts';
import type { Member, Profile } from './topology.ts';

type Given = Pick<Profile, 'labels' | 'pool'>;

export const giftsOf = ({ labels, pool }: Given): NodeGifts => ({ labels, taints: pool.taints });

const texts = new WeakMap<Profile, string>();

/** What the record of a host says that was given this. */
export function giftsText({ profile }: Member): string {
  const known = texts.get(profile);
  if (known !== undefined) return known;
  const text = textOf(giftsOf(profile));
  texts.set(profile, text);
  return text;
}

/** The order in which a spec lists taints means nothing. */
const textOf = ({ labels, taints }: NodeGifts): string =>
  canonicalJson({ labels, taints: taints.map((taint) => canonicalJson(taint)).sort() });

/** Null: nothing is known, and nothing is asked for. */
export function givenTo(situation: Situation, member: Member): NodeGifts | null {
  const text = member.node.record.applied.labels?.digest ?? null;
  if (text !== null) return readGifts(text);
  // It joined under a version that kept no account: as the spec said before it was changed.
  const source = situation.cluster.wanted ?? openRollout(situation);
  return source === null ? null : giftsBySpec(source.from.spec, member);
}

export function giftsDiffer(situation: Situation, member: Member): boolean {
  // Asked of every node in every turn: the text is compared, and not read.
  const text = member.node.record.applied.labels?.digest ?? null;
  if (text !== null) return text !== giftsText(member);
  const given = givenTo(situation, member);
  return given !== null && textOf(given) !== giftsText(member);
}

function giftsBySpec(spec: ClusterSpec, { name, pool }: Member): NodeGifts {
  const before = spec.pools.find((one) => one.name === pool.name);
  return {
    labels: { ...before?.labels, ...spec.hosts[name]?.labels },
    taints: before?.taints ?? [],
  };
}

/** The other way round of `textOf`. */
function readGifts(text: string): NodeGifts {
  const { labels, taints } = JSON.parse(text) as {
    readonly labels: NodeGifts['labels'];
    readonly taints: readonly string[];
  };
  return { labels, taints: taints.map((one) => JSON.parse(one) as NodeGifts['taints'][number]) };
}
