// A Muster fleet in a lab: the coordinator as a process in the fabric, hosts that join by the
// user-data it printed. `npm start`, the end-to-end tests and the bench all drive this. Knows the
// command line and the operator's calls of the coordinator and nothing of its insides.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openOperatorSocket } from '../../coordinator/rpc/operator-client.ts';
import { type ApiServer, answeringServer } from './fleet/answering-server.ts';
import type { Binaries } from './fleet/binaries.ts';
import type { HostSpec, Lab } from './lab.ts';
import { exists } from './machine/exists.ts';
import { isAlive, type ProcessIdentity, readProcessIdentity } from './machine/process-identity.ts';
import { coordinatorDirectory, coordinatorSocket, operatorKubeconfig } from './paths.ts';
import { type RunOptions, type RunResult, run, startDetached, tryRun } from './run.ts';

export interface FleetHost {
  readonly name: string;
  readonly pool: string;
}

export interface NodeRow {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly phase: string;
  /** Its agent calls. */
  readonly online: boolean;
  readonly lastPollMs: number | null;
  readonly joinedMs: number;
  readonly waits: readonly { readonly kind: string; readonly for: string }[];
  readonly plans: readonly {
    readonly goal: string;
    readonly step: string | null;
    readonly doneSteps: number;
    readonly steps: number;
  }[];
}

export interface PlanRow {
  readonly planId: string;
  readonly nodeName: string;
  readonly goal: string;
  readonly state: string;
  readonly changedSteps: number;
  readonly error: { readonly message: string } | null;
  readonly issuedMs: number;
  readonly acceptedMs: number | null;
  readonly finishedMs: number | null;
  readonly stages: readonly {
    readonly title: string;
    readonly steps: readonly { readonly id: string; readonly kind: string }[];
  }[];
  readonly steps: readonly {
    readonly stepId: string;
    readonly state: string;
    readonly beganMs: number | null;
    readonly durationMs: number | null;
    readonly outputs: Readonly<Record<string, string>>;
  }[];
}

export interface Fleet {
  readonly lab: Lab;
  readonly dataDir: string;
  readonly kubeconfig: string;
  /** Runs a command of the coordinator's command line; a refusal is a result. */
  coordinator(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The same, and it has to succeed. */
  must(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Makes the data directory when there is none and starts the process when it does not run. */
  startCoordinator(): Promise<void>;
  isServing(): Promise<boolean>;
  readonly coordinatorLog: string;
  /** SIGKILL, or another signal, to the coordinator's process. */
  endCoordinator(signal: NodeJS.Signals): Promise<void>;
  apply(specPath: string, flags?: readonly string[]): Promise<string>;
  /** Mints join material for each pool and boots the hosts with it as their user-data. */
  bootHosts(hosts: readonly FleetHost[]): Promise<void>;
  userData(pool: string, uses: number): Promise<string>;
  nodes(): Promise<readonly NodeRow[]>;
  plans(): Promise<readonly PlanRow[]>;
  /** kubectl of the operator, run in the fabric, by a master that answers. */
  kubectl(args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

export interface FleetOptions {
  readonly lab: Lab;
  readonly binaries: Binaries;
  readonly kubectlBinary: string;
  readonly log: (line: string) => void;
}

export function fleetOf(options: FleetOptions): Fleet {
  const { lab, log } = options;
  const dataDir = coordinatorDirectory(lab.directory);
  const socket = coordinatorSocket(lab.directory);
  const kubeconfig = operatorKubeconfig(lab.directory);
  const identityFile = join(lab.directory, 'coordinator.pid');
  const program = [options.binaries.coordinator];

  const coordinator = (args: readonly string[], runOptions: RunOptions = {}): Promise<RunResult> =>
    tryRun([...program, ...args], {
      ...runOptions,
      extraEnv: { MUSTER_SOCKET: socket, NO_COLOR: '1' },
    });
  const must = (args: readonly string[], runOptions: RunOptions = {}): Promise<string> =>
    run([...program, ...args], {
      ...runOptions,
      extraEnv: { MUSTER_SOCKET: socket, NO_COLOR: '1' },
      title: `coordinator ${args.join(' ')}`,
    });

  const coordinatorLog = join(lab.directory, 'coordinator.log');
  /** The API server that answered last. */
  let server: ApiServer | null = null;

  async function chooseServer(argv: readonly string[]): Promise<ApiServer | null> {
    const answer = await answeringServer({ argv, kubeconfig });
    return answer.kind === 'server' ? answer.server : null;
  }

  async function serving(): Promise<ProcessIdentity | null> {
    if (!(await exists(identityFile))) return null;
    const identity = JSON.parse(await readFile(identityFile, 'utf8')) as ProcessIdentity;
    return (await isAlive(identity)) ? identity : null;
  }

  async function startCoordinator(): Promise<void> {
    if ((await serving()) !== null) return;
    await mkdir(lab.directory, { recursive: true });
    if (!(await exists(join(dataDir, 'settings.json')))) {
      await must(['init', '--data', dataDir, '--address', lab.gateway]);
    }
    const pidFile = join(lab.directory, 'coordinator.pid.new');
    const { agent } = options.binaries;
    const serve = [...program, 'serve', '--data', dataDir, '--agent-binary', agent];
    // The shell tells its own pid before it becomes the coordinator.
    const argv = ['sh', '-c', 'echo $$ > "$0"; exec "$@"', pidFile, ...serve];
    startDetached(lab.inFabric(argv), coordinatorLog);
    await until(async () => (await coordinator(['get', 'clusters'])).exitCode === 0, {
      what: `the coordinator to answer (${coordinatorLog})`,
      timeoutMs: 60_000,
    });
    const pid = Number((await readFile(pidFile, 'utf8')).trim());
    const identity = await readProcessIdentity(pid);
    if (identity === undefined)
      throw new Error('the coordinator ended at once; see coordinator.log');
    await writeFile(identityFile, JSON.stringify(identity));
  }

  async function userData(pool: string, uses: number): Promise<string> {
    const count = String(uses);
    return must(['join-material', '--pool', pool, '--format', 'cloud-init', '--uses', count]);
  }

  /** Over the socket itself: a process per look would cost the hosts more than the look shows. */
  async function get<T>(kind: string): Promise<readonly T[]> {
    const client = openOperatorSocket(socket);
    try {
      const reply = await client.calls.Get({ kind, name: '' }, { timeoutMs: 20_000 });
      return reply.documents.map((document) => JSON.parse(document.toString()) as T);
    } finally {
      client.close();
    }
  }

  return {
    lab,
    dataDir,
    kubeconfig,
    coordinator,
    must,
    startCoordinator,
    isServing: async () => (await serving()) !== null,
    coordinatorLog,
    endCoordinator: async (signal) => {
      const identity = await serving();
      if (identity === null) return;
      process.kill(identity.pid, signal);
      await until(async () => !(await isAlive(identity)), {
        what: 'the coordinator to end',
        timeoutMs: 20_000,
      });
    },
    apply: (specPath, flags = []) => must(['apply', '-f', specPath, ...flags]),
    bootHosts: async (hosts) => {
      const pools = [...new Set(hosts.map((host) => host.pool))];
      const specs = await Promise.all(
        pools.map(async (pool): Promise<readonly HostSpec[]> => {
          const members = hosts.filter((host) => host.pool === pool);
          const text = await userData(pool, members.length);
          return members.map(({ name }) => ({ name, userData: text }));
        }),
      );
      log(`booting ${hosts.length} hosts`);
      const inOrder = hosts.flatMap(
        ({ name }) => specs.flat().find((spec) => spec.name === name) ?? [],
      );
      await lab.up(inOrder);
    },
    userData,
    nodes: () => get<NodeRow>('nodes'),
    plans: () => get<PlanRow>('plans'),
    kubectl: async (args, runOptions = {}) => {
      const argv = lab.inFabric([options.kubectlBinary]);
      server ??= await chooseServer(argv);
      const context = server === null ? [] : ['--context', server.context];
      const command = [...argv, '--kubeconfig', kubeconfig, ...context, ...args];
      const result = await tryRun(command, runOptions);
      // Whatever it was, the next call may be better served by another master.
      if (result.exitCode !== 0) server = null;
      return result;
    },
  };
}

export interface Deadline {
  /** For the error: "waited 30 s for …". */
  readonly what: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
}

/** Asks again and again until it is so. @throws Error naming what was waited for. */
export async function until(isSo: () => Promise<boolean>, deadline: Deadline): Promise<void> {
  const endMs = Date.now() + deadline.timeoutMs;
  for (;;) {
    if (await isSo()) return;
    if (Date.now() > endMs)
      throw new Error(`waited ${deadline.timeoutMs / 1000} s for ${deadline.what}`);
    await new Promise((resolve) => setTimeout(resolve, deadline.everyMs ?? 200));
  }
}
