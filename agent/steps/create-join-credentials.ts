// On a master, for one joining host: a certificate of a quarter of an hour by which it can become the
// node of its own name and no other and, for a further master, the keys that masters share. They leave
// this host only sealed to the consumer's key; neither the plan nor the journal ever holds them in the
// clear.
//
// There is no bootstrap token: the cluster signs what the holder of one asks for, in any node's name. A
// kubelet that begins with this certificate makes its own key and has its own name signed for it, as
// kubelets do when they renew; a request in another name is refused by the API server.
import { generateKeyPairSync } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { type SecretFiles, sealFiles } from '../../shared/seal.ts';
import type { Host } from '../host/host.ts';
import type { KubeApi } from '../host/kube-api.ts';
import { createCertificateRequest } from '../identity/certificate-request.ts';
import { nodeIdOf } from '../identity/node-key.ts';
import { refuseOtherCa } from './ca-digest.ts';
import { pemOfRequest } from './certificate-request-subject.ts';
import { serverSideApply, withAdminApi } from './kube-session.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { signByCluster } from './sign-by-cluster.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { patiently } from './wait-until.ts';

type Args = StepArgs['create-join-credentials'];

const nodes = 'system:nodes';

export const createJoinCredentials: StepRunner<'create-join-credentials'> = {
  kind: 'create-join-credentials',
  title: ({ consumer }) => `create join credentials for ${consumer}`,

  // What was sealed before cannot be had again: the secret half exists nowhere in the clear.
  check: async () => ({ kind: 'needed', why: 'credentials are made anew each time' }),

  async apply(args, context) {
    const ca = await keyFile(context.host, kubernetes.ca);
    refuseOtherCa({ pem: ca, what: `${kubernetes.ca} of this master`, expected: args.caDigest });
    const shared: Record<string, string> = {};
    for (const path of args.files) shared[path] = await keyFile(context.host, path);
    // Before the cluster is asked: nothing is signed that could not be sealed.
    await sealedText(shared, args, context);
    const identity = await withAdminApi(context, async (api) => {
      await patiently(context, async () => await letNodesReadProxyConfig(api));
      return await nodeIdentity(args, { ca, context, api });
    });
    const discovery = discoveryConfig(args, { ca, identity });
    const sealed = await sealedText({ 'discovery.conf': discovery, ...shared }, args, context);
    return {
      outputs: { sealed },
      note: `${args.consumer} can join as the node of its name for ${args.ttlSeconds} s`,
    };
  },

  // apply has looked at the certificate.
  verify: async () => {},
};

/** PEM texts. */
interface Identity {
  readonly certificate: string;
  readonly key: string;
}

async function nodeIdentity(
  { consumer, ttlSeconds }: Args,
  { ca, ...opened }: { readonly ca: string; readonly context: StepContext; readonly api: KubeApi },
): Promise<Identity> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = { commonName: `system:node:${consumer}`, organization: nodes };
  const certificate = await signByCluster(
    {
      request: pemOfRequest(createCertificateRequest(privateKey, subject)),
      signer: 'kube-apiserver-client-kubelet',
      ttlSeconds,
      ca,
      reason: 'MusterJoin',
      message: `the join of ${consumer}`,
    },
    opened,
  );
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
  return { certificate, key };
}

/**
 * kubeadm reads three configurations while a host joins. It lets nodes read two of them; of the third,
 * which every node mounts anyway, it would ask in vain for a third of a second in each of its phases.
 */
async function letNodesReadProxyConfig(api: KubeApi): Promise<void> {
  const rbac = 'rbac.authorization.k8s.io';
  const name = 'muster:joining-nodes';
  const path = `/apis/${rbac}/v1/namespaces/kube-system/rolebindings/${encodeURIComponent(name)}`;
  await serverSideApply(api, path, {
    apiVersion: `${rbac}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'kube-system' },
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'kube-proxy' },
    subjects: [{ apiGroup: rbac, kind: 'Group', name: nodes }],
  });
}

/** A kubeconfig in JSON, which is YAML, with everything in it. */
function discoveryConfig(
  { server }: Args,
  { ca, identity }: { readonly ca: string; readonly identity: Identity },
): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const cluster = { server, 'certificate-authority-data': base64(ca) };
  const user = {
    'client-certificate-data': base64(identity.certificate),
    'client-key-data': base64(identity.key),
  };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'kubernetes', cluster }],
    users: [{ name: 'joining-host', user }],
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

async function sealedText(files: SecretFiles, args: Args, context: StepContext): Promise<string> {
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
