// Which components of a prepared host are another than they should be. Pure.
import type { Applied, HostComponentName } from '../component.ts';
import type { DesiredDigests } from './host-components.ts';

/**
 * In the order in which they are laid down. What was never recorded is due, and so is what version 0.1 laid
 * down, which kept no digests: where nothing differs every step of it is satisfied. Of a host that was
 * prepared while `kubernetes` was one with kubeadm and the images, neither is due while that is the same.
 */
export function dueComponents(
  desired: DesiredDigests,
  applied: Applied,
): readonly HostComponentName[] {
  const isUndivided =
    applied.kubeadm === undefined && applied.kubernetes?.digest === desired.undividedKubernetes;
  const names = Object.keys(desired.digests) as HostComponentName[];
  return names.filter((name) => {
    if (isUndivided && (name === 'kubeadm' || name === 'kubernetes')) return false;
    return applied[name]?.digest !== desired.digests[name];
  });
}
