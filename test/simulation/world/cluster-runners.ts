// The steps that look at the cluster or change it: gates, credentials, manifests, the smoke test.
import type { StepContext, StepRegistry } from '../../../agent/steps/step-runner.ts';
import { done, waits, waitUntil } from '../../../agent/steps/wait-until.ts';
import { AppError } from '../../../shared/errors.ts';
import type { StepKind } from '../../../shared/model/step.ts';
import type { SimHost } from './host.ts';
import { CA_PATH, caDigestOf, DISCOVERY } from './kubeadm.ts';
import { modelled, runOn } from './runners.ts';
import { seal, unseal } from './sealed.ts';
import type { World } from './world.ts';

type ClusterKind =
  | 'wait-etcd-healthy'
  | 'check-etcd-registry'
  | 'wait-apiserver-ready'
  | 'wait-node-ready'
  | 'roll-daemon-set'
  | 'wait-workload-ready'
  | 'etcd-snapshot'
  | 'prune-snapshots'
  | 'seal-snapshot'
  | 'upload-snapshot'
  | 'defragment-etcd'
  | 'read-ca-digest'
  | 'create-join-credentials'
  | 'delete-join-credentials'
  | 'unseal-secret'
  | 'apply-manifest'
  | 'issue-user-certificate'
  | 'smoke-test';

export function clusterRunners(host: SimHost, world: World): Pick<StepRegistry, ClusterKind> {
  const { etcd, kube } = world;
  const nowMs = (): number => world.scheduler.nowMs;
  const hostAt = (url: string): SimHost | undefined => {
    const address = new URL(url).hostname;
    return [...world.hosts.values()].find((one) => one.address === address);
  };
  const snapshotsIn = (directory: string): readonly string[] =>
    [...host.files.keys()].flatMap((path) => {
      const name = path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : '';
      return name.endsWith('.db') ? [name.slice(0, -3)] : [];
    });
  /** A wait that is a gate: what it says is compared with the world when it says it. */
  const gate = <K extends StepKind>(kind: K, isOpen: (args: never) => boolean) =>
    modelled<K>(kind, {
      fault: (args, context) => {
        if (!isOpen(args as never)) return `${kind} is not so yet`;
        noteGate(context, isOpen(args as never));
        return null;
      },
      apply: async (args, context) => {
        await waitUntil(context, {
          everyMs: 500,
          probe: async () => {
            await context.host.stat('/');
            if (!isOpen(args as never)) return waits(`${kind} is not so yet`);
            noteGate(context, isOpen(args as never));
            return done(null);
          },
        });
        return {};
      },
      isMeasured: true,
    });
  const noteGate = ({ planId, stepId }: StepContext, isTrue: boolean): void =>
    world.tell({ kind: 'gate', host, planId, stepId, isTrue });
  const api = (): void => {
    if (host.isReachable && kube.isAnyApiReady()) return;
    throw new AppError('unavailable', 'no API server answers', { retryable: true });
  };
  return {
    'wait-etcd-healthy': gate(
      'wait-etcd-healthy',
      ({ members }: { members: { clientUrl: string }[] }) => {
        const hosts = members.map(({ clientUrl }) => hostAt(clientUrl));
        return host.isReachable && hosts.every((one) => one !== undefined) && etcd.isHealthy(hosts);
      },
    ),
    'check-etcd-registry': modelled('check-etcd-registry', {
      fault: () => {
        if (!etcd.hasQuorum()) {
          throw new AppError('unavailable', 'etcd does not answer', { retryable: true });
        }
        if (etcd.registry === null || etcd.registry === caDigestOf(host)) return null;
        throw new AppError('refused', 'etcd holds another cluster');
      },
      apply: async () => ({}),
      outputs: () => ({ state: etcd.registry ?? 'empty' }),
    }),
    'wait-apiserver-ready': gate('wait-apiserver-ready', ({ url }: { url: string }) => {
      const other = hostAt(url);
      return other !== undefined && host.isReachable && kube.isApiReady(other);
    }),
    'wait-node-ready': gate(
      'wait-node-ready',
      ({ node }: { node: string }) =>
        host.isReachable && kube.isAnyApiReady() && kube.isNodeReady(node),
    ),
    'roll-daemon-set': gate('roll-daemon-set', () => host.isReachable && kube.isAnyApiReady()),
    'wait-workload-ready': gate(
      'wait-workload-ready',
      () => host.isReachable && kube.isAnyApiReady(),
    ),
    'etcd-snapshot': modelled('etcd-snapshot', {
      fault: ({ path }) => (host.files.has(path) ? null : 'no snapshot yet'),
      apply: async ({ path }, context) => {
        await runOn(context, ['snapshot', path]);
        return {};
      },
      outputs: ({ path }) => ({ revision: '1', hash: 'abc', bytes: '100', path }),
    }),
    'prune-snapshots': modelled('prune-snapshots', {
      fault: () => null,
      apply: async () => ({}),
      outputs: ({ directory }) => ({ kept: snapshotsIn(directory).join(' ') }),
    }),
    'seal-snapshot': modelled('seal-snapshot', {
      fault: ({ sealedPath }) => (host.files.has(sealedPath) ? null : 'not sealed yet'),
      apply: async ({ sealedPath }, context) => {
        await context.host.writeFile(sealedPath, 'sealed', 0o600);
        return {};
      },
      outputs: () => ({ sha256: 'a'.repeat(64), bytes: '6', key: 'abc' }),
    }),
    'upload-snapshot': modelled('upload-snapshot', {
      fault: () => 'it is uploaded each time',
      apply: async ({ path, sha256, bytes }, context) => {
        await context.upload({ path, sha256, bytes });
        return {};
      },
      isMeasured: true,
    }),
    'defragment-etcd': modelled('defragment-etcd', {
      fault: () => 'it is defragmented each time',
      apply: async (_args, context) => {
        await runOn(context, ['etcdctl', 'defrag']);
        return { outputs: { before: '2', after: '1' } };
      },
      isMeasured: true,
    }),
    'read-ca-digest': modelled('read-ca-digest', {
      fault: () => (host.files.has(CA_PATH) ? null : `${CA_PATH} is not there`),
      apply: async () => {
        throw new AppError('not-found', `${CA_PATH} is not there`);
      },
      outputs: () => ({ caDigest: caDigestOf(host) }),
    }),
    'create-join-credentials': modelled('create-join-credentials', {
      fault: () => 'credentials are made each time',
      apply: async ({ files, ttlSeconds }, context) => {
        await context.host.stat('/');
        api();
        const identity = world.next().toString(36).padStart(6, '0');
        kube.credentials.set(identity, nowMs() + ttlSeconds * 1000);
        const contents = files.map((path) => [path, host.files.get(path) ?? ''] as const);
        const secret = { identity, files: Object.fromEntries(contents) };
        const sealed = seal(secret, `${context.planId}/${context.stepId}`);
        return { outputs: { sealed: JSON.stringify(sealed) } };
      },
      isMeasured: true,
    }),
    'delete-join-credentials': modelled('delete-join-credentials', {
      fault: ({ tokenId }) => {
        api();
        return kube.credentials.has(tokenId) ? 'the token is there' : null;
      },
      apply: async ({ tokenId }, context) => {
        await context.host.stat('/');
        api();
        kube.credentials.delete(tokenId);
        return {};
      },
    }),
    'unseal-secret': modelled('unseal-secret', {
      fault: ({ sealed }) => {
        const { identity, files } = unseal(sealed);
        const isThere = Object.entries(files).every(
          ([path, text]) => host.files.get(path) === text,
        );
        return isThere && host.files.get(DISCOVERY) === identity ? null : 'a file is not there';
      },
      apply: async ({ sealed }, context) => {
        const { identity, files } = unseal(sealed);
        for (const [path, text] of Object.entries(files)) {
          await context.host.writeFile(path, text, 0o600);
        }
        await context.host.writeFile(DISCOVERY, identity, 0o600);
        return {};
      },
    }),
    'apply-manifest': modelled('apply-manifest', {
      fault: ({ name }) => {
        api();
        return kube.objects.has(`manifest ${name}`) ? null : 'not applied yet';
      },
      apply: async ({ name }, context) => {
        await context.host.stat('/');
        api();
        kube.objects.add(`manifest ${name}`);
        return {};
      },
    }),
    'issue-user-certificate': modelled('issue-user-certificate', {
      fault: () => 'a certificate is issued each time',
      apply: async () => {
        api();
        return {};
      },
      isMeasured: true,
    }),
    'smoke-test': modelled('smoke-test', {
      fault: () => 'a test is run each time',
      apply: async ({ nodes }, context) => {
        await waitUntil(context, {
          everyMs: 1_000,
          probe: async () => {
            await context.host.stat('/');
            const isReady =
              kube.isAnyApiReady() && nodes.every(({ name }) => kube.isNodeReady(name));
            return isReady ? done(null) : waits('a node is not Ready');
          },
        });
        return { outputs: { lines: 'all is well', result: 'passed' } };
      },
      isMeasured: true,
    }),
  };
}
