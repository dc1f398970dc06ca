// `coordinator recovery-key create|show`: the pair is made here, and only its public half leaves.
import { generateKeyPairSync } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatAge } from '../../../shared/duration.ts';
import { AppError } from '../../../shared/errors.ts';
import { publicKeyOf } from '../../../shared/recovery-key.ts';
import type { ClusterDocument } from '../../operator/documents.ts';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, withCoordinator } from '../connection.ts';
import { fetchDocuments } from './fetch-documents.ts';

interface CreateOptions extends ConnectionOptions {
  readonly out: string;
  readonly replace?: boolean;
}

export async function createRecoveryKey(options: CreateOptions, io: CliIo): Promise<undefined> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await withCoordinator(options, io, async (call) => {
    // First the file: a key that snapshots are sealed to and nobody has would lose them all.
    const path = resolve(io.cwd, options.out);
    await writeKey(path, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString());
    const replace = options.replace === true;
    const request = { publicKey: publicKeyOf(privateKey), replace };
    const { fingerprint, cluster } = await call('SetRecoveryKey', request).catch(
      async (thrown: unknown) => {
        // Nothing is sealed to it. After a silence nobody knows that, and it stays.
        if (thrown instanceof AppError && thrown.code === 'refused') await rm(path);
        throw thrown;
      },
    );
    io.out(`${fingerprint}\n`);
    io.err(
      `snapshots of ${cluster} are sealed to it from now on. Keep ${options.out} in a safe place away from this host: who has it and a copy has the cluster, and without it no copy can be opened. \`coordinator etcd snapshot\` takes one now\n`,
    );
  });
  return undefined;
}

/** A file that is there may be the only half of another key: it is never overwritten. */
async function writeKey(path: string, pem: string): Promise<void> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(pem);
    await file.sync();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('usage', `the recovery key cannot be written: ${reason}`, { cause });
  }
}

export async function showRecoveryKey(options: ConnectionOptions, io: CliIo): Promise<undefined> {
  await withCoordinator(options, io, async (call) => {
    const { documents } = await fetchDocuments<ClusterDocument>(call, 'clusters', '');
    for (const { name, backup } of documents) {
      if (backup.recoveryKey !== null) io.out(`${backup.recoveryKey}\n`);
      if (backup.note !== null) io.err(`${name}: ${backup.note}\n`);
      else if (backup.lastCopiedMs !== null) {
        const age = formatAge(io.clock.now() - backup.lastCopiedMs);
        io.err(`${name}: the newest copy is of ${age} ago\n`);
      }
    }
  });
  return undefined;
}
