// What the switch of a control plane keeps on the disk, so that one that was cut off is taken up where it
// was: the manifests that ran before, and which way it was going.
//
// INVARIANTS: the record is written after the copies are whole, and before the first manifest is touched;
// copies are made only while there is no record, so half-new manifests never lie over the good ones; the
// copies are removed after the record.
import { AppError } from '../../shared/errors.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext } from './step-runner.ts';

export const controlPlaneNames = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const;
export type ControlPlaneName = (typeof controlPlaneNames)[number];
export type Manifests = Readonly<Record<ControlPlaneName, string>>;

export interface SwitchRecord {
  readonly planId: string;
  /** Back: what came up instead was not good, `why` says what was seen. */
  readonly direction: 'to' | 'back';
  readonly why: string;
}

export const manifestPath = (name: ControlPlaneName): string =>
  `${kubernetes.manifests}/${name}.yaml`;

export interface ControlPlaneDisk {
  /** Where manifests are rendered before they are put in place. */
  readonly aside: string;
  record(): Promise<SwitchRecord | null>;
  /** Keeps what runs, unless something is kept already, and writes down where this goes. */
  begin(record: SwitchRecord, running: Manifests): Promise<void>;
  note(record: SwitchRecord): Promise<void>;
  /** @throws AppError not-found */
  manifests(from: 'live' | 'aside' | 'before'): Promise<Manifests>;
  /** Atomically and durably, by way of a name that the kubelet passes over. True when it was another. */
  put(name: ControlPlaneName, manifest: string): Promise<boolean>;
  end(): Promise<void>;
}

export function controlPlaneDisk({ host, stateDirectory }: StepContext): ControlPlaneDisk {
  const directory = `${stateDirectory}/control-plane`;
  const aside = `${directory}/new`;
  const recordPath = `${directory}/switch.json`;
  const pathIn = {
    live: manifestPath,
    aside: (name: ControlPlaneName) => `${aside}/${name}.yaml`,
    before: (name: ControlPlaneName) => `${directory}/before/${name}.yaml`,
  };
  const record = async (): Promise<SwitchRecord | null> => {
    const text = await host.readFile(recordPath);
    return text === null ? null : (JSON.parse(text) as SwitchRecord);
  };
  const note = async (next: SwitchRecord): Promise<void> => {
    await host.writeFile(recordPath, `${JSON.stringify(next)}\n`, 0o600);
  };
  return {
    aside,
    record,
    note,
    begin: async (next, running) => {
      if ((await record()) === null) {
        for (const name of controlPlaneNames)
          await host.writeFile(pathIn.before(name), running[name], 0o600);
      }
      await note(next);
    },
    manifests: async (from) => {
      const texts = await Promise.all(
        controlPlaneNames.map(async (name) => {
          const path = pathIn[from](name);
          const text = await host.readFile(path);
          if (text === null || text.trim() === '')
            throw new AppError('not-found', `there is no ${path}: this is no whole control plane`);
          return [name, text] as const;
        }),
      );
      return Object.fromEntries(texts) as Record<ControlPlaneName, string>;
    },
    put: async (name, manifest) => {
      if ((await host.readFile(manifestPath(name))) === manifest) return false;
      await host.writeFile(manifestPath(name), manifest, 0o600);
      return true;
    },
    end: async () => {
      await host.remove(recordPath);
      await host.remove(`${directory}/before`);
      await host.remove(aside);
    },
  };
}
