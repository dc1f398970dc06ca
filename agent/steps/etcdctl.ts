// The one place that knows how etcdctl is called and what its JSON looks like.
import type { EtcdCredentials } from '../../shared/model/step.ts';
import type { CommandResult } from '../host/host.ts';
import type { StepContext } from './step-runner.ts';

export interface EtcdTarget {
  readonly endpoints: readonly string[];
  readonly credentials: EtcdCredentials;
}

/** argv; the paths of the certificates are no secret. */
export function etcdctlCommand(target: EtcdTarget, args: readonly string[]): string[] {
  const { caPath, certificatePath, keyPath } = target.credentials;
  return [
    ...[
      'etcdctl',
      `--endpoints=${target.endpoints.join(',')}`,
      '--dial-timeout=1s',
      '--command-timeout=3s',
    ],
    ...[`--cacert=${caPath}`, `--cert=${certificatePath}`, `--key=${keyPath}`],
    ...args,
  ];
}

export async function readEtcd(
  context: StepContext,
  target: EtcdTarget,
  args: readonly string[],
): Promise<CommandResult> {
  const { signal } = context;
  return await context.host.read(etcdctlCommand(target, args), { signal, timeoutMs: 10_000 });
}

export interface EndpointHealth {
  readonly endpoint: string;
  readonly health: boolean;
  readonly error?: string;
}

export interface EndpointStatus {
  readonly Endpoint: string;
  readonly Status: {
    readonly header: { readonly member_id: number };
    readonly leader?: number;
    readonly dbSize?: number;
    readonly isLearner?: boolean;
    readonly errors?: readonly string[];
  };
}

export interface MemberList {
  readonly members: readonly {
    readonly ID: number;
    readonly name?: string;
    readonly peerURLs?: readonly string[];
    readonly isLearner?: boolean;
  }[];
}

/** Of the member's database; null when it does not tell it. */
export async function databaseBytes(
  context: StepContext,
  target: EtcdTarget,
): Promise<number | null> {
  const { stdout } = await readEtcd(context, target, ['endpoint', 'status', '--write-out=json']);
  return jsonIn<readonly EndpointStatus[]>(stdout)?.[0]?.Status.dbSize ?? null;
}

/** The JSON in what a command printed; null when there is none. */
export function jsonIn<T>(stdout: string): T | null {
  try {
    return JSON.parse(lossless(stdout)) as T;
  } catch {
    return null; // an error message instead of JSON: the caller reads stderr
  }
}

/** Member ids are 64-bit numbers: as texts they keep their last digits. */
const lossless = (text: string): string => text.replace(/:(\d{16,})(?=[,}\]])/g, ':"$1"');
