// Gives the free pages of this host's etcd database back to the disk. The member answers nobody while it
// does so: gates before and after are the plan's.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { commandsOf } from './command-unit.ts';
import { databaseBytes, etcdctlCommand } from './etcdctl.ts';
import type { StepRunner } from './step-runner.ts';

type Args = StepArgs['defragment-etcd'];

const targetOf = ({ endpoint, credentials }: Args) => ({ endpoints: [endpoint], credentials });

export const defragmentEtcd: StepRunner<'defragment-etcd'> = {
  kind: 'defragment-etcd',
  title: ({ endpoint }) => `defragment the etcd member at ${endpoint}`,

  check: async () => ({ kind: 'needed', why: 'nobody can tell whether it was just done' }),

  apply: async (args, context) => {
    const target = targetOf(args);
    const before = await databaseBytes(context, target);
    const timeout = `--command-timeout=${Math.ceil(context.timeoutMs / 1000)}s`;
    await commandsOf(context)(etcdctlCommand(target, [timeout, 'defrag']));
    const after = await databaseBytes(context, target);
    if (after === null) {
      throw new AppError('not-ready', `${args.endpoint} does not tell its size after it`, {
        retryable: true,
      });
    }
    return {
      outputs: { before: String(before ?? after), after: String(after) },
      note: `the database has ${after} bytes, and had ${before ?? 'an unknown number'}`,
    };
  },

  // The gate after it is the proof.
  verify: async () => {},
};
