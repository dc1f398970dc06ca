// Commands of one step that change the host: each gets a transient unit named after the attempt, and
// the step's time.
import type { ChangeOptions, CommandResult } from '../host/host.ts';
import type { StepContext } from './step-runner.ts';

export type ChangeHost = (
  argv: readonly string[],
  options?: Pick<ChangeOptions, 'stdin' | 'env'>,
) => Promise<CommandResult>;

/**
 * A function that runs commands one after another: `UNIT`, `UNIT_2`, … in the order of the calls, which
 * has to be the same whenever the attempt is repeated.
 */
export function commandsOf(context: StepContext): ChangeHost {
  let count = 0;
  return async (argv, options = {}) => {
    count += 1;
    const unit = count === 1 ? context.unit : `${context.unit}_${count}`;
    const { timeoutMs, signal } = context;
    return await context.host.change(argv, { ...options, unit, timeoutMs, signal });
  };
}
