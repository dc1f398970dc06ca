// A snapshot of etcd on this host, verified before it gets its name.
import { AppError } from '../../shared/errors.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import { commandsOf } from './command-unit.ts';
import { needRoom } from './disk-room.ts';
import { databaseBytes, etcdctlCommand, jsonIn } from './etcdctl.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

export const etcdSnapshot: StepRunner<'etcd-snapshot'> = {
  kind: 'etcd-snapshot',
  title: ({ path }) => `save an etcd snapshot as ${path}`,

  check: async ({ path }, context) => {
    if ((await context.host.stat(path)) === null)
      return { kind: 'needed', why: `${path} is not there` };
    const outputs = await verified(path, context);
    if (outputs !== null) return { kind: 'satisfied', outputs };
    return { kind: 'needed', why: `${path} is no readable snapshot` };
  },

  apply: async ({ path, endpoint, credentials }, context) => {
    const { host } = context;
    const temporary = `${path}.new`;
    const target = { endpoints: [endpoint], credentials };
    const timeout = `--command-timeout=${Math.ceil(context.timeoutMs / 1000)}s`;
    await host.remove(`${temporary}.part`);
    // Makes the directory, for root only; etcdctl renames its own file over this one.
    await host.writeFile(temporary, '', 0o600);
    await needRoom(context, path, (await databaseBytes(context, target)) ?? 0);
    await commandsOf(context)(etcdctlCommand(target, [timeout, 'snapshot', 'save', temporary]));
    const outputs = await verified(temporary, context);
    if (outputs === null) {
      throw new AppError(
        'exec-failed',
        `the snapshot of ${endpoint} does not verify: it was not kept`,
        {
          retryable: true,
        },
      );
    }
    await host.installFile(temporary, path, 0o600);
    await host.remove(temporary);
    return { outputs: { ...outputs, path } };
  },
};

interface SnapshotStatus {
  readonly hash: number;
  readonly revision: number;
}

/** What etcdutl says of a snapshot whose checksum is right; null otherwise. */
async function verified(path: string, context: StepContext): Promise<StepOutputs | null> {
  const { host, signal } = context;
  const command = ['etcdutl', 'snapshot', 'status', path, '--write-out=json'];
  const { exitCode, stdout } = await host.read(command, { signal });
  const status = exitCode === 0 ? jsonIn<SnapshotStatus>(stdout) : null;
  const size = (await host.stat(path))?.size ?? 0;
  if (status === null || size === 0) return null;
  const { revision, hash } = status;
  return { revision: String(revision), hash: hash.toString(16), bytes: String(size), path };
}
