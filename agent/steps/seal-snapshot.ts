// A snapshot and the keys of its Kubernetes, encrypted to the operator's recovery key: a snapshot without
// these keys restores nothing, and with them it is the whole cluster. The file is written piece by piece.
import { createHash } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { checkRecoveryKey, fingerprintOf } from '../../shared/recovery-key.ts';
import {
  type PlainFile,
  sealSnapshot as sealed,
} from '../../shared/sealed-snapshot/seal-snapshot.ts';
import type { Host } from '../host/host.ts';
import { needRoom } from './disk-room.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepRunner } from './step-runner.ts';

type Args = StepArgs['seal-snapshot'];

export const sealSnapshot: StepRunner<'seal-snapshot'> = {
  kind: 'seal-snapshot',
  title: ({ path }) => `seal ${path} and the cluster’s keys to the recovery key`,

  // Nobody here can tell what is inside one that is there.
  check: async () => ({ kind: 'needed', why: 'a sealed file is made anew each time' }),

  apply: async (args, context) => {
    const { host, random } = context;
    checkRecoveryKey(args.recoveryKey);
    const files = await Promise.all([
      plainFile(host, args.path, 'snapshot.db'),
      ...args.files.map((path) => plainFile(host, path, nameOf(path))),
    ]);
    await needRoom(context, args.sealedPath, files[0]?.bytes ?? 0);
    const { cluster, id, recoveryKey } = args;
    const hash = createHash('sha256');
    let bytes = 0;
    const pass = async function* (): AsyncIterable<Uint8Array> {
      for await (const piece of sealed({ cluster, id, recoveryKey, files, random })) {
        context.signal.throwIfAborted();
        hash.update(piece);
        bytes += piece.length;
        yield piece;
      }
    };
    await host.writeChunks(args.sealedPath, pass(), 0o600);
    return { outputs: outputsOf(args, hash.digest('hex'), bytes) };
  },

  // Its digest is of what was written; the copy is compared with it by the coordinator.
  verify: async ({ sealedPath }, { host }) => {
    if ((await host.stat(sealedPath)) !== null) return;
    throw new AppError('not-ready', `${sealedPath} was written and is gone again`, {
      retryable: true,
    });
  },
};

const outputsOf = (args: Args, sha256: string, bytes: number): StepOutputs => ({
  sha256,
  bytes: String(bytes),
  key: fingerprintOf(args.recoveryKey),
});

const nameOf = (path: string): string => `pki/${path.slice(kubernetes.pki.length + 1)}`;

async function plainFile(host: Host, path: string, name: string): Promise<PlainFile> {
  const stat = await host.stat(path);
  if (stat === null) {
    throw new AppError('not-found', `${path} is missing: without it a snapshot restores nothing`);
  }
  return { name, bytes: stat.size, content: () => host.readChunks(path) };
}
