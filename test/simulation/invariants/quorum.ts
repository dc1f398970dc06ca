// Never below the quorum of etcd by our own act: what we stop or start leaves it at least what it was.
import type { Invariant } from './invariant.ts';

export const quorum: Invariant = {
  name: 'never below the quorum of etcd by our own act',
  watch:
    ({ world }, report) =>
    (event) => {
      if (event.kind !== 'etcd-act' || !world.etcd.hasFormed) return;
      report.seen();
      if (event.voters < 3) report.seen('while a member is away');
      if (event.verb === 'stop' && event.voters < world.etcd.quorum) {
        report.broken(`${event.host.name} stopped etcd: ${event.voters} voters are left`);
      }
    },
};
