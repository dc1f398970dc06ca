// `coordinator init`: a data directory with keys, a store and settings. Interrupted anywhere, it is
// run again and finishes; once it is complete it refuses, because new keys would strand every agent.
import { AppError } from '../shared/errors.ts';
import { readSettings, writeSettings } from './config.ts';
import { initKeys } from './keys/keys.ts';
import { dataPaths } from './keys/paths.ts';
import { makePrivateDirectory } from './keys/private-file.ts';
import { newFleetId } from './signing/new-ids.ts';
import { type FleetRecord, keys, STORE_SCHEMA } from './store/records.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import { update } from './store/store.ts';

export interface InitOptions {
  readonly dataDir: string;
  readonly addresses: readonly string[];
  readonly grpcPort: number;
  readonly httpsPort: number;
}

export interface Initialised {
  readonly fleet: string;
  /** Base64url SHA-256 of the fleet CA's SPKI. */
  readonly pin: string;
}

/** @throws AppError conflict when the directory is initialised already. */
export async function initCoordinator(options: InitOptions): Promise<Initialised> {
  const { dataDir, addresses } = options;
  if (addresses.length === 0) {
    throw new AppError(
      'usage',
      'at least one name or address of the coordinator: --address NAME_OR_IP',
    );
  }
  const present = await readSettings(dataDir);
  if (present !== null) {
    throw new AppError(
      'conflict',
      `${dataDir} is initialised already (fleet ${present.fleet}): nothing was changed`,
    );
  }
  await makePrivateDirectory(dataDir);
  const now = Date.now();
  const fleet = await recordFleet(dataDir, now);
  const made = await initKeys({ dataDir, addresses, fleet, now });
  await makePrivateDirectory(dataPaths(dataDir).artifacts);
  await writeSettings(dataDir, {
    schema: 'muster/settings/v1',
    fleet,
    addresses,
    grpcPort: options.grpcPort,
    httpsPort: options.httpsPort,
  });
  return { fleet, pin: made.pin };
}

async function recordFleet(dataDir: string, now: number): Promise<string> {
  const store = openSqliteStore(dataPaths(dataDir).store);
  try {
    const record = await update<FleetRecord>(store, keys.fleet, (current) =>
      current === null
        ? { fleet: newFleetId(), schema: STORE_SCHEMA, epoch: 1, createdMs: now }
        : null,
    );
    if (record === null) throw new AppError('internal', 'the fleet record was not written');
    return record.fleet;
  } finally {
    await store.close();
  }
}
