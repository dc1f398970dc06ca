// Opens what another host sealed to this one and lays the named files down for root alone. The check
// opens it too, in memory: a file that is there but differs is not what was sent.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { SecretFiles } from '../../shared/seal.ts';
import { parseKubeconfig } from '../host/kubeconfig.ts';
import { refuseOtherCa } from './ca-digest.ts';
import { kubernetes } from './kubernetes-paths.ts';
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

/**
 * What does not open was sealed for another host or another goal, or by an agent of another version:
 * all of it is mended by credentials that are made anew.
 */
async function opened(args: StepArgs['unseal-secret'], context: StepContext): Promise<SecretFiles> {
  let content: SecretFiles;
  try {
    content = await context.unseal(args.sealed);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError(
      'credentials-expired',
      `what was sealed as ${args.sealed.context} does not open in this plan: it was made for another host or another goal, and has to be made again`,
      { cause: thrown },
    );
  }
  for (const { name } of args.files) {
    const pem = authorityIn(name, contentOf(content, name));
    if (pem !== null) refuseOtherCa({ pem, what: name, expected: args.caDigest });
  }
  return content;
}

/** The Kubernetes CA that a file brings to this host; null when it brings none. */
function authorityIn(name: string, text: string): string | null {
  if (name === kubernetes.ca) return text;
  if (!name.endsWith('.conf')) return null;
  const data = parseKubeconfig(text, name)['certificate-authority-data'] ?? '';
  return Buffer.from(data, 'base64').toString('utf8');
}

function contentOf(content: SecretFiles, name: string): string {
  const text = Object.hasOwn(content, name) ? content[name] : undefined;
  if (text !== undefined) return text;
  throw new AppError('invalid', `the sealed secret holds no ${name}: it was made for another step`);
}
