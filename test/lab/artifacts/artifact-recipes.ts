// What is built for the lab, and from which versions: data only. A version is raised here and in
// the module of that name (see modules/README.md). What does not depend on the version of Kubernetes
// is one recipe for all of them, so that it is built once.
import {
  arch,
  type BuildRecipe,
  binary,
  command,
  goBuild,
  image,
  kubernetesLinkerFlags,
} from './artifact-recipe.ts';
import {
  type KubernetesRelease,
  kubernetesRelease,
  kubernetesReleases,
} from './kubernetes-releases.ts';

const etcd = '3.6.16';
const containerd = '2.4.2';
const runc = '1.5.2';
const cniPlugins = '1.9.1';
const flannel = '0.28.4';
const flannelCniPlugin = '0.9.1';
/** The lab's one CoreDNS, under every tag that a kubeadm asks for. */
const coredns = '1.15.0';
/** The version in the Debian release of the images' base. */
const nginxTag = '1.22.1';

const staticLink = '-linkmode external -extldflags -static';

const cniPackage = 'github.com/containernetworking/plugins/plugins';
const cniCommands = [
  command(`${cniPackage}/main/bridge`, 'bridge'),
  command(`${cniPackage}/main/loopback`, 'loopback'),
  command(`${cniPackage}/main/ptp`, 'ptp'),
  command(`${cniPackage}/ipam/host-local`, 'host-local'),
  command(`${cniPackage}/meta/bandwidth`, 'bandwidth'),
  command(`${cniPackage}/meta/firewall`, 'firewall'),
  command(`${cniPackage}/meta/portmap`, 'portmap'),
];
const containerdPackage = 'github.com/containerd/containerd/v2/cmd';
const containerdPrograms = ['containerd', 'containerd-shim-runc-v2', 'ctr'];
const kubernetesPrograms = [
  'kubeadm',
  'kubelet',
  'kubectl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
];
const coordinationImages = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

function tagsOf(tag: (release: KubernetesRelease) => string): readonly string[] {
  return [...new Set(kubernetesReleases.map(tag))];
}

const commonRecipes: readonly BuildRecipe[] = [
  {
    title: 'pause',
    compiler: { kind: 'c', source: 'pause.c', program: 'pause' },
    artifacts: tagsOf(({ pauseTag }) => pauseTag).map((tag) =>
      image('pause', { reference: `registry.k8s.io/pause:${tag}`, path: '/pause' }),
    ),
  },
  {
    title: 'nginx',
    compiler: { kind: 'none' },
    artifacts: [
      image('nginx', {
        reference: `docker.io/library/nginx:${nginxTag}`,
        base: 'nginx',
        entrypoint: [],
        command: ['nginx', '-g', 'daemon off;'],
      }),
    ],
  },
  {
    title: `runc ${runc}`,
    compiler: goBuild('runc', {
      commands: [command('github.com/opencontainers/runc', 'runc')],
      // Without seccomp it starts no pod.
      tags: 'seccomp,netgo,osusergo',
      linkerFlags: '-extldflags -static',
      isCgo: true,
    }),
    artifacts: [binary('runc', runc, `runc.${arch}`)],
  },
  {
    title: `CNI plugins ${cniPlugins}`,
    compiler: goBuild('cni-plugins', { commands: cniCommands }),
    artifacts: [
      {
        name: 'cni-plugins',
        version: cniPlugins,
        packing: {
          kind: 'archive',
          programs: cniCommands.map(({ program }) => program),
          file: `cni-plugins-linux-${arch}-v${cniPlugins}.tgz`,
          folder: './',
        },
      },
    ],
  },
  {
    title: `flannel CNI plugin ${flannelCniPlugin}`,
    compiler: goBuild('flannel-cni-plugin', {
      commands: [command(`${cniPackage}/meta/flannel`, 'flannel-cni-plugin')],
    }),
    artifacts: [binary('flannel-cni-plugin', flannelCniPlugin, `flannel-${arch}`)],
  },
  {
    title: `etcd ${etcd}`,
    compiler: goBuild('etcd', {
      commands: [
        command('go.etcd.io/etcd/server/v3', 'etcd'),
        command('go.etcd.io/etcd/etcdctl/v3', 'etcdctl'),
        command('go.etcd.io/etcd/etcdutl/v3', 'etcdutl'),
      ],
    }),
    artifacts: [
      {
        name: 'etcd',
        version: etcd,
        packing: {
          kind: 'archive',
          programs: ['etcd', 'etcdctl', 'etcdutl'],
          file: `etcd-v${etcd}-linux-${arch}.tar.gz`,
          folder: `etcd-v${etcd}-linux-${arch}/`,
        },
      },
    ],
  },
  {
    title: `containerd ${containerd}`,
    compiler: goBuild('containerd', {
      commands: containerdPrograms.map((name) => command(`${containerdPackage}/${name}`, name)),
    }),
    artifacts: [
      {
        name: 'containerd',
        version: containerd,
        packing: {
          kind: 'archive',
          programs: containerdPrograms,
          file: `containerd-${containerd}-linux-${arch}.tar.gz`,
          folder: 'bin/',
        },
      },
    ],
  },
  {
    title: `flannel ${flannel}`,
    compiler: goBuild('flannel', {
      commands: [command('github.com/flannel-io/flannel', 'flanneld')],
      tags: 'netgo,osusergo',
      linkerFlags: `${staticLink} -X github.com/flannel-io/flannel/pkg/version.Version=v${flannel}`,
      isCgo: true,
    }),
    artifacts: [
      image('flanneld', {
        reference: `ghcr.io/flannel-io/flannel:v${flannel}`,
        path: '/opt/bin/flanneld',
        base: 'network-tools',
      }),
    ],
  },
  {
    title: `CoreDNS ${coredns}`,
    compiler: goBuild('coredns', { commands: [command('github.com/coredns/coredns', 'coredns')] }),
    artifacts: tagsOf(({ corednsTag }) => corednsTag).map((tag) =>
      image('coredns', { reference: `registry.k8s.io/coredns/coredns:${tag}`, path: '/coredns' }),
    ),
  },
];

function kubernetesRecipe({ version, module, agnhostTag }: KubernetesRelease): BuildRecipe {
  return {
    title: `Kubernetes ${version}`,
    compiler: goBuild(module, {
      commands: [
        ...kubernetesPrograms.map((name) => command(`k8s.io/kubernetes/cmd/${name}`, name)),
        command('k8s.io/kubernetes/test/images/agnhost', 'agnhost'),
      ],
      linkerFlags: kubernetesLinkerFlags(version),
    }),
    artifacts: [
      ...['kubeadm', 'kubelet', 'kubectl'].map((name) => binary(name, version)),
      ...coordinationImages.map((name) =>
        image(name, { reference: `registry.k8s.io/${name}:${version}` }),
      ),
      image('kube-proxy', {
        reference: `registry.k8s.io/kube-proxy:${version}`,
        base: 'network-tools',
      }),
      image('agnhost', {
        reference: `registry.k8s.io/e2e-test-images/agnhost:${agnhostTag}`,
        path: '/agnhost',
        command: ['pause'],
      }),
    ],
  };
}

/** Everything that a cluster of that version needs. @throws UsageError when the lab cannot build it. */
export function recipesFor(kubernetes: string): readonly BuildRecipe[] {
  return [...commonRecipes, kubernetesRecipe(kubernetesRelease(kubernetes))];
}

/** What may lie in a cache that several versions share. */
export const everyRecipe: readonly BuildRecipe[] = [
  ...commonRecipes,
  ...kubernetesReleases.map(kubernetesRecipe),
];
