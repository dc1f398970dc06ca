// Named members of an archive, each at its place, executable. What was written is recorded by digest
// in the agent's own folder, so that a file that was changed or removed since is noticed.

import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { bytesOf, plainName, readTarMembers } from '../../shared/tar.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

const MODE = 0o755;
const MAX_MEMBER_BYTES = 512 * 1024 * 1024;

type Args = StepArgs['unpack-archive'];
/** Digests by target path. */
type UnpackedRecord = Readonly<Record<string, string>>;

export const unpackArchive: StepRunner<'unpack-archive'> = {
  kind: 'unpack-archive',
  title: ({ artifact, members }) =>
    `unpack ${members.length} files of ${artifact.name} ${artifact.version}`,

  check: async (args, context) => {
    const { host } = context;
    const text = await host.readFile(recordPath(args, context));
    if (text === null) return { kind: 'needed', why: `${args.artifact.name} was not unpacked yet` };
    const record = recordFrom(text);
    for (const { to } of args.members) {
      const digest = await host.sha256(to);
      if (digest === null) return { kind: 'needed', why: `${to} is not there` };
      if (digest !== record[to]) return { kind: 'needed', why: `${to} was changed` };
      if ((await host.stat(to))?.mode !== MODE) {
        return { kind: 'needed', why: `${to} is not executable for all` };
      }
    }
    return { kind: 'satisfied' };
  },

  apply: async (args, context) => {
    const { host, signal } = context;
    const { artifact, members } = args;
    const targets = new Map(members.map(({ from, to }) => [plainName(from), to]));
    const record: Record<string, string> = {};
    const found = await readTarMembers({
      chunks: host.readChunks(await context.artifact(artifact)),
      names: new Set(targets.keys()),
      maxBytes: MAX_MEMBER_BYTES,
      signal,
      onMember: async (member) => {
        const to = targets.get(member.name) ?? '';
        const content = await bytesOf(member);
        await host.writeFile(to, content, MODE);
        record[to] = sha256Hex(content);
      },
    });
    const absent = [...targets.keys()].filter((name) => !found.has(name));
    if (absent.length > 0) {
      throw new AppError(
        'artifact',
        `${artifact.name} ${artifact.version} has no member ${absent.join(', ')}: the artifact lock names another archive than the plan was made for`,
      );
    }
    await host.writeFile(recordPath(args, context), JSON.stringify(record), 0o600);
    return {};
  },

  // Each member was hashed as it was written, and the record is written last.
  verify: async (args, context) => {
    if ((await context.host.stat(recordPath(args, context))) !== null) return;
    throw new AppError('outcome-unknown', `the record of ${args.artifact.name} is gone`, {
      retryable: true,
    });
  },
};

/** Empty when it is damaged: everything is unpacked again. */
function recordFrom(text: string): UnpackedRecord {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === 'object' ? (value as UnpackedRecord) : {};
  } catch {
    return {};
  }
}

function recordPath({ artifact, members }: Args, { stateDirectory }: StepContext): string {
  const targets = sha256Hex(JSON.stringify(members)).slice(0, 12);
  return `${stateDirectory}/unpacked/${artifact.sha256}-${targets}.json`;
}
