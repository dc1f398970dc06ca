// SHA-256 of the agent's files that the coordinator gives out: what join material carries. Asked at
// every call, computed again only when a file changed.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isNotFound } from '../keys/private-file.ts';
import type { AgentBinaries } from './web-server.ts';

type Architecture = keyof AgentBinaries;

export type AgentDigests = () => Promise<Readonly<Partial<Record<Architecture, string>>>>;

export function createAgentDigests(binaries: AgentBinaries): AgentDigests {
  const known = new Map<string, { readonly version: string; readonly sha256: string }>();

  const digestOf = async (path: string): Promise<string | null> => {
    const version = await versionOf(path);
    if (version === null) return null;
    const cached = known.get(path);
    if (cached?.version === version) return cached.sha256;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    const sha256 = hash.digest('hex');
    known.set(path, { version, sha256 });
    return sha256;
  };

  return async () => {
    const found: Partial<Record<Architecture, string>> = {};
    for (const arch of ['amd64', 'arm64'] as const) {
      const path = binaries[arch];
      const sha256 = path === undefined ? null : await digestOf(path);
      if (sha256 !== null) found[arch] = sha256;
    }
    return found;
  };
}

async function versionOf(path: string): Promise<string | null> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${ino}-${size}-${mtimeMs}`;
  } catch (thrown) {
    if (isNotFound(thrown)) return null;
    throw thrown;
  }
}
