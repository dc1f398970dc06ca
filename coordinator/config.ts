// settings.json of a data directory: what `init` decided. It is written last, so its being there
// means that the directory is complete.
import { AppError } from '../shared/errors.ts';
import { dataPaths } from './keys/paths.ts';
import { readIfPresent, writePrivateFile } from './keys/private-file.ts';

export interface Settings {
  readonly schema: 'muster/settings/v1';
  readonly fleet: string;
  /** Names and addresses agents reach the coordinator at; the first is the one in join material. */
  readonly addresses: readonly string[];
  readonly grpcPort: number;
  readonly httpsPort: number;
}

/** Null when the directory was not initialised. */
export async function readSettings(dataDir: string): Promise<Settings | null> {
  const path = dataPaths(dataDir).settings;
  const text = await readIfPresent(path);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Settings;
  } catch (cause) {
    throw new AppError('internal', `${path} is not JSON: restore it from a backup`, { cause });
  }
}

/** @throws AppError not-found with the way out. */
export async function requireSettings(dataDir: string): Promise<Settings> {
  const settings = await readSettings(dataDir);
  if (settings !== null) return settings;
  throw new AppError(
    'not-found',
    `${dataDir} holds no coordinator: run \`coordinator init --data ${dataDir}\` first`,
  );
}

export async function writeSettings(dataDir: string, settings: Settings): Promise<void> {
  await writePrivateFile(dataPaths(dataDir).settings, `${JSON.stringify(settings, null, 2)}\n`);
}
