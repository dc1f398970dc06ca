// The commands that simulated steps run, and what each does to the world, part by part: a command that
// is cut off has done some of them.
import type { SimHost } from './host.ts';
import { type Part, phaseParts, whyPhaseFails } from './kubeadm.ts';
import type { World } from './world.ts';

export interface Program {
  readonly lastsMs: readonly [number, number];
  readonly parts: readonly Part[];
  readonly isOnce: boolean;
  readonly isDisruptive: boolean;
  /** Why it fails now; null while nothing keeps it. */
  readonly refuses: () => string | null;
}

export interface Place {
  readonly host: SimHost;
  readonly world: World;
}

const calm = { isOnce: false, isDisruptive: false, refuses: () => null } as const;

export function programFor(argv: readonly string[], place: Place): Program {
  const [command = ''] = argv;
  const program = programs[command];
  if (program === undefined) throw new Error(`the simulated host has no program ${command}`);
  return program(argv.slice(1), place);
}

const programs: Readonly<Record<string, (args: readonly string[], place: Place) => Program>> = {
  install: ([path = ''], { host }) => ({
    ...calm,
    lastsMs: [20, 300],
    parts: [fileAt(host, path)],
  }),
  unpack: (paths, { host }) => ({
    ...calm,
    lastsMs: [100, 1_500],
    parts: paths.map((path) => fileAt(host, path)),
  }),
  import: ([reference = ''], { host }) => ({
    ...calm,
    lastsMs: [200, 8_000],
    parts: [
      {
        isThere: () => host.images.has(reference),
        make: () => void host.images.add(reference),
      },
    ],
  }),
  settings: ([path = ''], { host }) => ({
    ...calm,
    lastsMs: [10, 80],
    parts: [fileAt(host, path)],
  }),
  systemctl,
  kubeadm: (args, place) => {
    const name = args.slice(0, -1).join(' ');
    const parts = phaseParts(name, place);
    return {
      lastsMs: [300, 6_000],
      parts,
      isOnce: true,
      isDisruptive: name.endsWith('control-plane all') || name.endsWith('prepare control-plane'),
      refuses: () => whyPhaseFails(name, place),
    };
  },
  etcdctl: (_args, { world }) => ({
    ...calm,
    lastsMs: [100, 2_000],
    parts: [],
    refuses: () => (world.etcd.hasQuorum() ? null : 'etcdserver: no leader'),
  }),
  snapshot: ([path = ''], { host, world }) => ({
    lastsMs: [200, 1_500],
    parts: [fileAt(host, path)],
    isOnce: true,
    isDisruptive: false,
    refuses: () => (world.etcd.hasQuorum() ? null : 'etcdserver: no leader'),
  }),
};

function systemctl([verb = '', name = '']: readonly string[], { host, world }: Place): Program {
  const isUp = verb === 'start' || verb === 'restart';
  const part: Part = {
    isThere: () => host.isRunning(name) === isUp,
    make: () => {
      host.setUnit(name, { isRunning: isUp });
      if (name !== 'etcd.service') return;
      if (isUp) world.etcd.noteStart(host);
      world.tell({ kind: 'etcd-act', host, verb, voters: world.etcd.running().length });
    },
  };
  const down: Part = {
    isThere: () => false,
    make: () => {
      host.setUnit(name, { isRunning: false });
      if (name !== 'etcd.service') return;
      world.tell({ kind: 'etcd-act', host, verb: 'stop', voters: world.etcd.running().length });
    },
  };
  const enable: Part = {
    isThere: () => host.units.get(name)?.isEnabled === true,
    make: () => host.setUnit(name, { isEnabled: true }),
  };
  return {
    lastsMs: [30, 600],
    parts: verb === 'enable' ? [enable] : verb === 'restart' ? [down, part] : [part],
    isOnce: name === 'etcd.service' && verb === 'start',
    isDisruptive: name === 'etcd.service' && verb !== 'start' && verb !== 'enable',
    refuses: () => null,
  };
}

const fileAt = (host: SimHost, path: string): Part => ({
  isThere: () => host.files.has(path),
  make: () => host.put(path, 'installed'),
});
