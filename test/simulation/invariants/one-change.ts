// Never two masters, nor two changes of etcd, at once.
import type { Invariant } from './invariant.ts';

export const oneChange: Invariant = {
  name: 'never two changes of the control plane or of etcd at once',
  watch: (fleet, report) => {
    const begun = new Set<string>();
    return (event) => {
      if (event.kind !== 'exec-began' || !event.exec.isDisruptive) return;
      const { host } = event;
      const masters = new Set<string>(fleet.cluster().masters);
      const open = [...begun].filter(
        (name) => name !== host.name && !masters.has(fleet.nodeIdOf(name)),
      );
      if (begun.size > 0) report.seen();
      if (open.length > 0)
        report.broken(`${host.name} changes while ${open.join(', ')} is not over`);
      begun.add(host.name);
    };
  },
};
