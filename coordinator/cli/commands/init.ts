// `coordinator init`
import { hostname, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import type { CliIo } from '../cli-io.ts';
import { type ConnectionOptions, dataDirOf, defaultDataDir } from '../connection.ts';
import { parsePort } from '../port.ts';

interface InitOptions extends ConnectionOptions {
  readonly address?: readonly string[];
  readonly grpcPort: string;
  readonly httpsPort: string;
}

export async function init(options: InitOptions, io: CliIo): Promise<undefined> {
  const dataDir = resolve(io.cwd, dataDirOf(options, io));
  const addresses = options.address ?? defaultAddresses();
  const { initCoordinator } = await import('../../init.ts');
  const { fleet, pin } = await initCoordinator({
    dataDir,
    addresses,
    grpcPort: parsePort(options.grpcPort, '--grpc-port'),
    httpsPort: parsePort(options.httpsPort, '--https-port'),
  });
  io.out(`fleet ${fleet}\npin ${pin}\n`);
  const data = dataDir === defaultDataDir ? '' : ` --data ${dataDir}`;
  io.err(
    `${dataDir} is ready: keys, store and settings are in it; back it up and show it to nobody\n`,
  );
  io.err(
    `agents reach this coordinator at ${addresses.join(', ')}\nnext: coordinator serve${data}\n`,
  );
  return undefined;
}

/** The host's name and its global addresses. */
function defaultAddresses(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter(
      (entry) =>
        !entry.internal &&
        !entry.address.startsWith('fe80:') &&
        !entry.address.startsWith('169.254.'),
    )
    .map((entry) => entry.address);
  return [...new Set([hostname(), ...addresses])];
}
