// On a master, for one joining host: a bootstrap token that lives a quarter of an hour and, for a
// further master, the keys that masters share. They leave the host only sealed to the consumer's key;
// neither the plan nor the journal ever holds them in the clear.
//
// INVARIANT: the token's id follows from plan and step, so that a repeat replaces the token of an
// attempt that was cut off instead of leaving it behind.
import { createHash } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { randomText } from '../../shared/random.ts';
import { type SecretFiles, sealFiles } from '../../shared/seal.ts';
import type { Host } from '../host/host.ts';
import { nodeIdOf } from '../identity/node-key.ts';
import { refuseOtherCa } from './ca-digest.ts';
import { tokenSecretPath } from './delete-join-credentials.ts';
import { getObject, serverSideApply, withAdminApi } from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';
const joiningGroup = 'system:bootstrappers:kubeadm:default-node-token';

export const createJoinCredentials: StepRunner<'create-join-credentials'> = {
  kind: 'create-join-credentials',
  title: ({ consumer }) => `create join credentials for ${consumer}`,

  // What was sealed before cannot be had again: the secret half exists nowhere in the clear.
  check: async () => ({ kind: 'needed', why: 'credentials are made anew each time' }),

  async apply(args, context) {
    const tokenId = tokenIdFor(context);
    const secret = randomText(context.random, alphabet, 16);
    const files: Record<string, string> = {
      'discovery.conf': await discoveryConfig(args, context.host, `${tokenId}.${secret}`),
    };
    for (const path of args.files) files[path] = await keyFile(context.host, path);
    const sealed = await sealedText(files, args, context);
    const expiresMs = context.clock.now() + args.ttlSeconds * 1000;
    await withAdminApi(context, async (api) => {
      const document = tokenSecret({ tokenId, secret, expiresMs, consumer: args.consumer });
      await patiently(
        context,
        async () => await serverSideApply(api, tokenSecretPath(tokenId), document),
      );
    });
    return {
      outputs: { sealed, tokenId },
      note: `bootstrap token ${tokenId} for ${args.consumer} lives ${args.ttlSeconds} s`,
    };
  },

  async verify(_args, context) {
    const tokenId = tokenIdFor(context);
    await withAdminApi(context, async (api) => {
      const found = await patiently(
        context,
        async () => await getObject(api, tokenSecretPath(tokenId)),
      );
      if (found !== null) return;
      throw new AppError('not-ready', `bootstrap token ${tokenId} was made and is gone again`, {
        retryable: true,
      });
    });
  },
};

/** Six characters of base 36 of a digest. */
function tokenIdFor(context: Pick<StepContext, 'planId' | 'stepId'>): string {
  const digest = createHash('sha256').update(`${context.planId}/${context.stepId}`).digest();
  return [...digest.subarray(0, 6)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

interface Token {
  readonly tokenId: string;
  readonly secret: string;
  readonly expiresMs: number;
  readonly consumer: string;
}

function tokenSecret(token: Token): object {
  const data = {
    'token-id': token.tokenId,
    'token-secret': token.secret,
    expiration: new Date(token.expiresMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    'usage-bootstrap-authentication': 'true',
    'usage-bootstrap-signing': 'true',
    'auth-extra-groups': joiningGroup,
    description: `join of ${token.consumer}`,
  };
  const encoded = Object.entries(data).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${token.tokenId}`, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(encoded) as Record<string, string>,
  };
}

/** A kubeconfig in JSON, which is YAML: the cluster's CA inline, the token as its user. */
async function discoveryConfig(
  args: StepArgs['create-join-credentials'],
  host: Host,
  token: string,
): Promise<string> {
  const ca = await keyFile(host, kubernetes.ca);
  refuseOtherCa({ pem: ca, what: `${kubernetes.ca} of this master`, expected: args.caDigest });
  const cluster = {
    server: args.server,
    'certificate-authority-data': Buffer.from(ca).toString('base64'),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'kubernetes', cluster }],
    users: [{ name: 'joining-host', user: { token } }],
    contexts: [{ name: 'join', context: { cluster: 'kubernetes', user: 'joining-host' } }],
    'current-context': 'join',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

async function keyFile(host: Host, path: string): Promise<string> {
  const text = await host.readFile(path);
  if (text !== null) return text;
  throw new AppError(
    'not-found',
    `there is no ${path} on this master: it has to come from another one before hosts can join through it`,
  );
}

async function sealedText(
  files: SecretFiles,
  args: StepArgs['create-join-credentials'],
  context: StepContext,
): Promise<string> {
  try {
    const { fleet, cluster } = context.plan;
    const consumer = nodeIdOf(Buffer.from(args.consumerKey, 'base64'));
    const sealed = await sealFiles(files, {
      publicKey: args.consumerKey,
      purpose: { fleet, cluster, consumer, goal: args.goal },
      context: `${context.planId}/${context.stepId}`,
    });
    return JSON.stringify(sealed);
  } catch (cause) {
    throw new AppError('invalid', `the node key of ${args.consumer} is not a P-256 key`, { cause });
  }
}
