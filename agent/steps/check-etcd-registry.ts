// Whether etcd already holds a Kubernetes: nothing is ever initialised over another cluster's data.
// Output `state`: `empty`, or the digest of the CA that /registry belongs to.
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { caDigestOf } from './ca-digest.ts';
import { readEtcd } from './etcdctl.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

type Args = StepArgs['check-etcd-registry'];

/** The API server keeps its client CA here, for extension servers, from its first second on. */
const AUTHENTICATION = '/registry/configmaps/kube-system/extension-apiserver-authentication';

export const checkEtcdRegistry: StepRunner<'check-etcd-registry'> = {
  kind: 'check-etcd-registry',
  title: () => 'check whether etcd holds a cluster already',

  check: async (args, context) => ({
    kind: 'satisfied',
    outputs: { state: await stateOf(args, context) },
  }),

  apply: async (args, context) => ({ outputs: { state: await stateOf(args, context) } }),
};

async function stateOf(args: Args, context: StepContext): Promise<string> {
  const keys = await get(args, context, [
    'get',
    '/registry',
    '--prefix',
    '--keys-only',
    '--limit=1',
  ]);
  if (keys.trim() === '') return 'empty';
  const value = await get(args, context, ['get', AUTHENTICATION, '--print-value-only']);
  const pem = clientCaIn(value);
  if (pem === null) {
    throw new AppError(
      'not-ready',
      `etcd holds /registry, and not yet the CA it belongs to (${AUTHENTICATION}): an API server writes it when it starts`,
      { retryable: true },
    );
  }
  const digest = caDigestOf(pem);
  const own = await context.host.readFile(args.caPath);
  if (own !== null && caDigestOf(own) === digest) return digest;
  const ours = own === null ? 'this host has no CA yet' : `this host's is ${caDigestOf(own)}`;
  throw new AppError(
    'conflict',
    `etcd already holds the cluster of the CA ${digest}; ${ours}. Nothing is initialised over it: use empty etcd hosts, or remove /var/lib/etcd on all of them if that cluster may go`,
  );
}

async function get(args: Args, context: StepContext, command: readonly string[]): Promise<string> {
  const result = await readEtcd(context, args, command);
  if (result.exitCode === 0) return result.stdout;
  throw new AppError(
    'unavailable',
    `etcd does not answer at ${args.endpoints.join(', ')}: ${result.stderr.trim()}`,
    {
      retryable: true,
      details: { command: 'etcdctl get', outputTail: result.stderr },
    },
  );
}

/** A ConfigMap as etcd has it, in protobuf: the entry's key and length stand right before its value. */
function clientCaIn(value: string): string | null {
  const at = value.search(/(?<!requestheader-)client-ca-file/);
  if (at === -1) return null;
  const match = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/.exec(
    value.slice(at),
  );
  return match === null ? null : match[0];
}
