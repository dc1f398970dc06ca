// kubeadm's leaf certificates and kubeconfigs of this master, made anew under the same authorities. They
// are made aside, by kubeadm's own phases, looked at, and put in place one after the other: at no moment
// is one of them missing, and one that has ended is renewed like any other.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { Host } from '../host/host.ts';
import { parseKubeconfig } from '../host/kubeconfig.ts';
import { refuseOtherCa } from './ca-digest.ts';
import { commandsOf } from './command-unit.ts';
import { keepKubernetesOnDisk } from './keep-on-disk.ts';
import { keyPairFault } from './key-pair-files.ts';
import { apiserver, kubeconfig, kubeconfigFault, pair } from './kubeadm-phase-parts.ts';
import { kubernetes } from './kubernetes-paths.ts';
import { renewalBook } from './renewal-record.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

type Args = StepArgs['renew-certificates'];

const authorities = ['ca', 'front-proxy-ca'] as const;
const leaves = [
  { name: 'apiserver', ca: 'ca' },
  { name: 'apiserver-kubelet-client', ca: 'ca' },
  { name: 'front-proxy-client', ca: 'front-proxy-ca' },
] as const;
const kubeconfigs = ['admin.conf', 'controller-manager.conf', 'scheduler.conf'];
/** On the first master only. */
const superAdmin = 'super-admin.conf';

export const renewCertificates: StepRunner<'renew-certificates'> = {
  kind: 'renew-certificates',
  title: ({ nodeName }) => `renew the certificates of ${nodeName}`,

  check: async (args, context) => {
    const why = await whatIsOld(args, context);
    if (why !== null) return { kind: 'needed', why };
    await context.host.remove(asideRoot(context));
    await keepKubernetesOnDisk(context);
    return { kind: 'satisfied', note: 'every certificate is another one than before' };
  },

  apply: async (args, context) => {
    await ourAuthority(args, context);
    const names = await configsOf(context);
    await renewalBook('kubernetes', context).begin(args.renewal, await digests(names, context));
    const aside = `${asideRoot(context)}/${context.unit}`;
    await make(args, context, aside);
    await lookAt(context, { aside, names });
    await putInPlace(context, { aside, names });
    await context.host.remove(asideRoot(context));
    return { note: `${leaves.length} certificates and ${names.length} kubeconfigs were made anew` };
  },
};

/** Of an attempt: one that is repeated finds what it made. */
const asideRoot = ({ stateDirectory }: StepContext): string => `${stateDirectory}/renewals/aside`;

const livePath = (name: string): string => `${kubernetes.pki}/${name}.crt`;
const configPath = (name: string): string => `${kubernetes.directory}/${name}`;

async function configsOf({ host }: StepContext): Promise<readonly string[]> {
  const isFirst = (await host.stat(configPath(superAdmin))) !== null;
  return isFirst ? [...kubeconfigs, superAdmin] : kubeconfigs;
}

async function whatIsOld(args: Args, context: StepContext): Promise<string | null> {
  const record = await renewalBook('kubernetes', context).read(args.renewal);
  if (record === null) return 'they were not made anew yet';
  const names = await configsOf(context);
  const now = await digests(names, context);
  const same = Object.entries(now).find(([path, digest]) => record.before[path] === digest);
  if (same !== undefined) return `${same[0]} is still the one from before`;
  // What a look at one part of kubeadm's phases is given; none of these asks a cluster.
  const input = {
    args: {
      command: 'init' as const,
      phase: ['certs'],
      configPath: args.configPath,
      nodeName: args.nodeName,
    },
    context,
    config: await configText(args, context),
    api: () => Promise.reject(new AppError('internal', 'no cluster is asked about certificates')),
  };
  const parts = [
    apiserver,
    ...leaves.slice(1).map(({ name, ca }) => pair(name, ca)),
    ...names.map(kubeconfig),
  ];
  for (const part of parts) {
    const fault = await part.fault(input);
    if (fault !== null) return fault;
  }
  return null;
}

async function ourAuthority({ caDigest }: Args, { host }: StepContext): Promise<void> {
  const pem = (await host.readFile(kubernetes.ca)) ?? '';
  refuseOtherCa({ pem, what: kubernetes.ca, expected: caDigest });
}

async function configText({ configPath: path }: Args, { host }: StepContext): Promise<string> {
  const text = await host.readFile(path);
  if (text !== null) return text;
  throw new AppError('not-found', `there is no ${path} for kubeadm to read`);
}

async function digests(
  names: readonly string[],
  { host }: StepContext,
): Promise<Readonly<Record<string, string>>> {
  const paths = [...leaves.map(({ name }) => livePath(name)), ...names.map(configPath)];
  const entries = paths.map(async (path) => [path, await certificateDigest(path, host)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** Empty where there is none that can be read: any that is made is another one. */
async function certificateDigest(path: string, host: Host): Promise<string> {
  const text = (await host.readFile(path)) ?? '';
  try {
    const pem = path.endsWith('.conf')
      ? Buffer.from(parseKubeconfig(text, path)['client-certificate-data'] ?? '', 'base64')
      : text;
    return sha256Hex(new X509Certificate(pem).raw);
  } catch {
    return '';
  }
}

/**
 * kubeadm takes and makes certificates in the directory that its configuration names. The authorities are
 * lent to it there; the directory is the agent's own, and goes when the step is over.
 */
async function make(args: Args, context: StepContext, aside: string): Promise<void> {
  const { host } = context;
  const change = commandsOf(context);
  for (const name of authorities) {
    for (const end of ['crt', 'key']) {
      const path = `${kubernetes.pki}/${name}.${end}`;
      const text = await host.readFile(path);
      if (text === null) throw new AppError('not-found', `there is no ${path} to sign with`);
      await host.writeFile(`${aside}/pki/${name}.${end}`, text, 0o600);
    }
  }
  const config = (await configText(args, context)).replace(
    /^kind: ClusterConfiguration$/m,
    `kind: ClusterConfiguration\ncertificatesDir: ${aside}/pki`,
  );
  await host.writeFile(`${aside}/kubeadm.yaml`, config, 0o600);
  const kubeadm = [kubernetes.kubeadm, 'init', 'phase'];
  const withConfig = ['--config', `${aside}/kubeadm.yaml`];
  for (const { name } of leaves) await change([...kubeadm, 'certs', name, ...withConfig]);
  await change([...kubeadm, 'kubeconfig', 'all', ...withConfig, '--kubeconfig-dir', aside]);
}

interface Made {
  readonly aside: string;
  readonly names: readonly string[];
}

/** Nothing is put in place that is not good. @throws AppError exec-failed */
async function lookAt(context: StepContext, { aside, names }: Made): Promise<void> {
  const { host, clock } = context;
  const now = clock.now();
  const faults = [
    ...leaves.map(async ({ name, ca }) => {
      const base = `${aside}/pki/${name}`;
      const paths = { certificatePath: `${base}.crt`, keyPath: `${base}.key`, caPath: caOf(ca) };
      return await keyPairFault(host, paths, now);
    }),
    ...names.map(async (name) => await kubeconfigFault(`${aside}/${name}`, { host, clock })),
  ];
  for (const fault of await Promise.all(faults)) {
    if (fault !== null)
      throw new AppError(
        'exec-failed',
        `what kubeadm made is not good, and nothing was touched: ${fault}`,
      );
  }
}

const caOf = (name: string): string => `${kubernetes.pki}/${name}.crt`;

/** The key first: whoever reads between the two finds a pair that does not belong together, and keeps what it has. */
async function putInPlace({ host }: StepContext, { aside, names }: Made): Promise<void> {
  const put = async (from: string, to: string, mode: number): Promise<void> => {
    const text = await host.readFile(from);
    if (text === null || text === '') throw new AppError('not-found', `there is no ${from}`);
    await host.writeFile(to, text, mode);
  };
  for (const { name } of leaves) {
    const live = `${kubernetes.pki}/${name}`;
    await put(`${aside}/pki/${name}.key`, `${live}.key`, 0o600);
    await put(`${aside}/pki/${name}.crt`, `${live}.crt`, 0o644);
  }
  for (const name of names) await put(`${aside}/${name}`, configPath(name), 0o600);
}
