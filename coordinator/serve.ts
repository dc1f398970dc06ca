// `coordinator serve`: opens what is on the disk, binds the ports, and stops in reverse order. The
// one place where the real clock and store are chosen.
import { chmod, rm } from 'node:fs/promises';
import { type Clock, systemClock } from '../shared/clock.ts';
import { isAbort } from '../shared/errors.ts';
import { type Part, stopAll } from '../shared/lifecycle.ts';
import type { Logger } from '../shared/log.ts';
import { createArtifactProvider } from './artifacts/artifact-provider.ts';
import { ArtifactStore } from './artifacts/artifact-store.ts';
import { ReleaseBases } from './artifacts/release-bases.ts';
import { resumePulls } from './artifacts/resume-pulls.ts';
import { requireSettings } from './config.ts';
import type { Decide } from './coordinator.ts';
import { createCore } from './core.ts';
import { headFile } from './events/audit-files.ts';
import { auditHeadFile } from './events/audit-head.ts';
import { openAuditLog } from './events/audit-log.ts';
import { openKeys } from './keys/keys.ts';
import { dataPaths } from './keys/paths.ts';
import { makePrivateDirectory } from './keys/private-file.ts';
import { keepServerRenewed } from './keys/renew-server.ts';
import { decide } from './planner/decide.ts';
import { startOpenPort, startSocketServer } from './rpc/server.ts';
import { nodeSnapshotDisk } from './snapshots/snapshot-disk.ts';
import { createSnapshotFolder } from './snapshots/snapshot-folder.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import type { Store } from './store/store.ts';
import { COORDINATOR_VERSION } from './version.ts';
import { type AgentBinaries, startWebServer } from './web/web-server.ts';

export interface ListenOptions {
  /** @default 0.0.0.0 */
  readonly host?: string;
  /** 0 takes a free one. @default what `init` recorded */
  readonly grpcPort?: number;
  readonly httpsPort?: number;
}

export interface ServeOptions {
  readonly dataDir: string;
  readonly listen?: ListenOptions;
  readonly agentBinaries: AgentBinaries;
  /** Text of muster-agent.service, for join material. */
  readonly agentUnit?: string;
  /** Mirrors with the layout of the official sites. */
  readonly releaseBases?: ReleaseBases;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** @default the planner's */
  readonly decide?: Decide;
  /** @default the system's */
  readonly clock?: Clock;
  /** What the ends of certificates are compared with. @default clock */
  readonly certificateClock?: Pick<Clock, 'now'>;
  /** @default SQLite in the data directory */
  readonly openStore?: (path: string) => Store;
}

export interface Running {
  readonly grpcPort: number;
  readonly httpsPort: number;
  readonly socketPath: string;
  readonly pin: string;
  stop(): Promise<void>;
}

/** @throws AppError not-found (no init), conflict (another coordinator), unavailable (port taken). */
export async function serve(options: ServeOptions): Promise<Running> {
  const parts: Part[] = [];
  try {
    return await start(options, parts);
  } catch (thrown) {
    await stopAll(parts);
    throw thrown;
  }
}

async function start(options: ServeOptions, parts: Part[]): Promise<Running> {
  const { dataDir, log } = options;
  const clock = options.clock ?? systemClock;
  const paths = dataPaths(dataDir);
  const settings = await requireSettings(dataDir);
  await makePrivateDirectory(dataDir);

  // The store first: its lock is what keeps a second coordinator away from everything else.
  const store = (options.openStore ?? openSqliteStore)(paths.store);
  parts.push({ name: 'store', stop: () => store.close() });
  const keys = await openKeys(dataDir, { addresses: settings.addresses, now: clock.now() });
  const audit = await openAuditLog(paths.audit, clock, {
    head: auditHeadFile(headFile(paths.audit), keys.controlKey),
    onMissing: (fields) => log.error(fields, 'the end of the audit log is missing'),
  });
  parts.push({ name: 'audit log', stop: () => audit.close() });
  await audit.append('started', { version: COORDINATOR_VERSION });

  const stopping = new AbortController();
  const signal = stopping.signal;
  const core = await createCore({
    settings,
    store,
    keys,
    audit,
    clock,
    certificateClock: options.certificateClock ?? clock,
    log,
    signal,
    decide: options.decide ?? decide,
    openArtifacts: (onChange) =>
      createArtifactProvider({
        store: new ArtifactStore(paths.artifacts),
        bases: options.releaseBases ?? new ReleaseBases(),
        fetch,
        clock,
        random: Math.random,
        signal,
        log,
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
        onChange,
      }),
    agentBinaries: options.agentBinaries,
    agentUnit: options.agentUnit ?? '',
    snapshots: createSnapshotFolder({
      directory: paths.snapshots,
      disk: nodeSnapshotDisk,
      clock,
      log,
    }),
  });
  const loop = core.coordinator.run(signal);
  parts.push({
    name: 'loop',
    stop: async () => {
      stopping.abort();
      await loop;
      await core.artifacts.settled();
    },
  });
  await resumePulls(store, core.artifacts);

  const host = options.listen?.host ?? '0.0.0.0';
  const grpcPort = options.listen?.grpcPort ?? settings.grpcPort;
  const httpsPort = options.listen?.httpsPort ?? settings.httpsPort;
  const identity = keys.serverIdentity;
  const services = core.openServices;
  const rpc = await startOpenPort({ host, port: grpcPort, identity, services, clock, log });
  parts.push({ name: 'grpc', stop: () => rpc.stop() });
  const web = await startWebServer({
    host,
    port: httpsPort,
    identity,
    artifacts: paths.artifacts,
    agentBinaries: options.agentBinaries,
    uploads: core.uploads,
    isReady: () => !signal.aborted,
    clock,
    log,
  });
  parts.push({ name: 'https', stop: () => web.stop() });
  const renewed = keepServerRenewed({
    keys,
    addresses: settings.addresses,
    show: (next) => {
      rpc.show(next);
      web.show(next);
    },
    clock,
    log,
    signal,
  });
  parts.push({
    name: 'own certificate',
    stop: async () => {
      stopping.abort();
      await renewed;
    },
  });
  // What a killed coordinator left behind; the store's lock says that it is nobody's.
  await rm(paths.socket, { force: true });
  core.tellPorts(rpc.port, web.port);
  const socket = await startSocketServer(paths.socket, core.localServices);
  await chmod(paths.socket, 0o600);
  parts.push({ name: 'socket', stop: () => socket.stop() });
  // Stopped first: open polls end and the loop takes no further turn.
  parts.push({ name: 'signal', stop: async () => stopping.abort() });

  const stop = once(() => stopAll(parts));
  options.signal.addEventListener('abort', () => void stop(), { once: true });
  log.info(
    { grpcPort: rpc.port, httpsPort: web.port, fleet: settings.fleet },
    'coordinator serves',
  );
  return { grpcPort: rpc.port, httpsPort: web.port, socketPath: paths.socket, pin: keys.pin, stop };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => {
    running ??= work().catch((thrown: unknown) => {
      if (!isAbort(thrown)) throw thrown;
    });
    return running;
  };
}
