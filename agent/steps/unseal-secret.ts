// Opens what another host sealed to this one and lays the named files down for root alone. The check
// opens it too, in memory: a file that is there but differs is not what was sent.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { SecretFiles } from '../../shared/seal.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

const mode = 0o600;

export const unsealSecret: StepRunner<'unseal-secret'> = {
  kind: 'unseal-secret',
  title: ({ files }) => `unseal ${files.map((file) => file.path).join(', ')}`,

  async check(args, context) {
    const content = await opened(args, context);
    for (const { name, path } of args.files) {
      const [text, stat] = await Promise.all([
        context.host.readFile(path),
        context.host.stat(path),
      ]);
      if (text === null || stat === null) return { kind: 'needed', why: `there is no ${path}` };
      if (text !== contentOf(content, name)) return { kind: 'needed', why: `${path} differs` };
      if ((stat.mode & 0o777) !== mode) return { kind: 'needed', why: `others may read ${path}` };
    }
    return { kind: 'satisfied' };
  },

  async apply(args, context) {
    const content = await opened(args, context);
    // All of them, before the first is written.
    const files = args.files.map(({ name, path }) => ({ path, text: contentOf(content, name) }));
    for (const { path, text } of files) await context.host.writeFile(path, text, mode);
    return {};
  },
};

async function opened(args: StepArgs['unseal-secret'], context: StepContext): Promise<SecretFiles> {
  try {
    return await context.unseal(args.sealed);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError(
      'invalid',
      `what was sealed as ${args.sealed.context} does not open with this node’s key: it was made for another one, and has to be made again`,
      { cause: thrown },
    );
  }
}

function contentOf(content: SecretFiles, name: string): string {
  const text = Object.hasOwn(content, name) ? content[name] : undefined;
  if (text !== undefined) return text;
  throw new AppError('invalid', `the sealed secret holds no ${name}: it was made for another step`);
}
