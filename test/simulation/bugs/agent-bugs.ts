// Agents that do it wrong: what they keep, what they look at, what they begin.
import { UNIT_DIRECTORY } from '../../../agent/host/transient-unit.ts';
import type { StateDisk } from '../../../agent/state-disk.ts';
import { runOn } from '../world/runners.ts';
import type { Bug } from './bug.ts';

const unsynced = (disk: StateDisk): StateDisk => ({
  ...disk,
  open: async (path) => {
    const file = await disk.open(path);
    return {
      ...file,
      write: async (bytes, position) => {
        // Comes back before it is there.
        void file.write(bytes, position);
      },
    };
  },
});

const forgetful = (disk: StateDisk): StateDisk => ({
  ...disk,
  read: async (path) => (path.endsWith('/accepted') ? null : await disk.read(path)),
  list: async (path) => (path.endsWith('/journal') ? [] : await disk.list(path)),
});

export const agentBugs: readonly Bug[] = [
  {
    name: 'the journal is not synced',
    caughtBy: 'is on its disk before',
    seed: 1,
    seams: () => ({ agent: { wrapDisk: unsynced } }),
  },
  {
    name: 'what was obeyed is forgotten with the process',
    caughtBy: 'no lower',
    seed: 2,
    seams: () => ({ agent: { wrapDisk: forgetful } }),
  },
  {
    name: 'a kubeadm phase runs whatever its check says',
    caughtBy: 'runs twice in silence',
    seed: 2,
    seams: () => ({
      agent: {
        wrapRegistry: (registry) => ({
          ...registry,
          'kubeadm-phase': {
            ...registry['kubeadm-phase'],
            check: async () => ({ kind: 'needed', why: 'it is always done' }),
            verify: async () => undefined,
          },
        }),
      },
    }),
  },
  {
    name: 'a gate is open whatever it measures',
    caughtBy: 'without its gate',
    seed: 1,
    seams: () => ({
      agent: {
        wrapRegistry: (registry) => ({
          ...registry,
          'wait-etcd-healthy': {
            ...registry['wait-etcd-healthy'],
            check: async () => ({ kind: 'satisfied' }),
          },
        }),
      },
    }),
  },
  {
    name: 'an agent that waits for etcd starts its own member again',
    caughtBy: 'quorum',
    seed: 6,
    seams: () => ({
      agent: {
        wrapRegistry: (registry) => ({
          ...registry,
          'wait-etcd-healthy': {
            ...registry['wait-etcd-healthy'],
            apply: async (args, context) => {
              await runOn(context, ['systemctl', 'restart', 'etcd.service']);
              return await registry['wait-etcd-healthy'].apply(args, context);
            },
          },
        }),
      },
    }),
  },
  {
    name: 'commands of a killed agent are not looked for',
    caughtBy: 'runs twice in silence',
    seed: 28,
    seams: () => ({
      agent: {
        wrapHost: (port) => ({
          ...port,
          list: async (path) => (path === UNIT_DIRECTORY ? [] : await port.list(path)),
        }),
      },
    }),
  },
];
