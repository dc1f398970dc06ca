// Whether a number of etcd members is one to want: asked of a spec when it comes, and of the cluster
// when its hosts are judged. Pure.

/** A clause about an even number; null for an odd one. */
export function evenEtcdFault(members: number): string | null {
  if (members % 2 === 1) return null;
  if (members === 0) return 'no etcd member';
  const tolerated = members / 2 - 1;
  return `${members} etcd members, which survive the loss of ${tolerated}, as ${members - 1} do`;
}
