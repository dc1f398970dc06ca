// Runbook: from a bare host to one with a runtime, images, the local API proxy and, where it belongs,
// a started etcd member. All etcd members are started by plans issued together (the first start
// blocks until there is a quorum), so `start` does not wait and the health gate does.
import type { Stage } from '../../shared/model/plan.ts';
import type { EtcdEndpoint, Step } from '../../shared/model/step.ts';
import type { Materials } from '../components/bill-of-materials.ts';
import type { Member } from '../planner/topology.ts';
import { renderApiProxyConfig, renderApiProxyUnit } from '../render/api-proxy.ts';
import { containerdUnit, renderContainerdConfig } from '../render/containerd.ts';
import { renderEtcdUnit } from '../render/etcd.ts';
import { flannelCniConfig } from '../render/flannel.ts';
import { modulesFor, sysctlsFor } from '../render/host-settings.ts';
import { kubeletUnit, renderKubeletDropIn } from '../render/kubelet.ts';
import { etcdClientPaths, etcdPaths, paths } from '../render/paths.ts';
import type { ClusterSpec } from '../spec/cluster-spec.ts';
import { stage, step } from './step-builder.ts';

export interface PrepareInputs {
  readonly member: Member;
  readonly spec: ClusterSpec;
  readonly cluster: string;
  readonly materials: Materials;
  /** Addresses of every host chosen for the control plane. */
  readonly masters: readonly string[];
  readonly etcd: readonly EtcdEndpoint[];
}

const cniPlugins = ['bridge', 'loopback', 'ptp', 'host-local', 'portmap', 'bandwidth', 'firewall'];

export function prepareHost(inputs: PrepareInputs): readonly Stage[] {
  const isEtcd = inputs.etcd.some((member) => member.name === inputs.member.name);
  const isMaster = inputs.member.pool.roles.includes('control-plane');
  return [
    stage(
      'settings, binaries and certificates',
      ...hostSettings(inputs),
      ...install(inputs),
      ...configure(inputs),
      ...(isEtcd ? etcdFiles(inputs) : []),
      ...(isMaster ? [etcdClientCertificate(inputs)] : []),
    ),
    stage('services', ...services(inputs), ...(isEtcd ? [startEtcd(inputs)] : [])),
    stage('images and etcd', ...images(inputs, isMaster), ...(isEtcd ? [etcdGate(inputs)] : [])),
    stage('API proxy', apiProxy(inputs)),
  ];
}

function hostSettings({ spec }: PrepareInputs): readonly Step[] {
  const files = spec.host.files.map((file, index) =>
    step(`file-${index + 1}`, 'write-file', {
      path: file.path,
      content: file.content,
      mode: Number.parseInt(file.mode, 8),
    }),
  );
  return [
    ...(spec.host.swap === 'off' ? [step('swap-off', 'disable-swap', {})] : []),
    step('modules', 'load-kernel-modules', { modules: modulesFor(spec), path: paths.modules }),
    step('sysctls', 'set-sysctls', { values: sysctlsFor(spec), path: paths.sysctls }),
    ...files,
  ];
}

function install({ materials, member }: PrepareInputs): readonly Step[] {
  const binary = (name: string) =>
    step(`install-${name}`, 'install-binary', {
      artifact: materials.reference(name),
      path: `${paths.binaries}/${name}`,
    });
  const toBinaries = (prefix: string, names: readonly string[]) =>
    names.map((name) => ({ from: `${prefix}${name}`, to: `${paths.binaries}/${name}` }));
  const etcdPrefix = `etcd-v${materials.version('etcd')}-linux-${member.arch}/`;
  return [
    step('unpack-containerd', 'unpack-archive', {
      artifact: materials.reference('containerd'),
      members: toBinaries('bin/', ['containerd', 'containerd-shim-runc-v2', 'ctr']),
    }),
    step('unpack-cni-plugins', 'unpack-archive', {
      artifact: materials.reference('cni-plugins'),
      members: cniPlugins.map((name) => ({
        from: `./${name}`,
        to: `${paths.cniBinaries}/${name}`,
      })),
    }),
    step('install-flannel-cni', 'install-binary', {
      artifact: materials.reference('flannel-cni-plugin'),
      path: `${paths.cniBinaries}/flannel`,
    }),
    ...['runc', 'kubeadm', 'kubelet'].map(binary),
    // For people: Muster's own steps speak to the API without it.
    ...(member.pool.roles.includes('control-plane') ? [binary('kubectl')] : []),
    ...(member.pool.roles.includes('etcd')
      ? [
          step('unpack-etcd', 'unpack-archive', {
            artifact: materials.reference('etcd'),
            members: toBinaries(etcdPrefix, ['etcd', 'etcdctl', 'etcdutl']),
          }),
        ]
      : []),
  ];
}

function configure({ materials, member, spec, masters }: PrepareInputs): readonly Step[] {
  const cgroupVersion = member.facts.cgroup === 'unknown' ? 2 : member.facts.cgroup.version;
  const containerd = renderContainerdConfig({
    pauseImage: materials.image('image-pause'),
    systemdCgroup: cgroupVersion === 2,
  });
  const kubelet = renderKubeletDropIn({
    cgroupVersion,
    settings: { ...spec.kubelet, ...member.pool.kubelet },
  });
  const file = (id: string, path: string, content: string) =>
    step(id, 'write-file', { path, content, mode: 0o644 });
  return [
    file('containerd-config', paths.containerdConfig, containerd),
    file('cni-config', paths.cniConfig, flannelCniConfig),
    file('kubelet-config', paths.kubeletDropIn, kubelet),
    file('api-proxy-config', paths.apiProxyConfig, renderApiProxyConfig(masters)),
  ];
}

function etcdFiles({ member }: PrepareInputs): readonly Step[] {
  const names = [member.address, '127.0.0.1', 'localhost', member.name];
  return [
    step('etcd-peer-certificate', 'request-certificate', {
      profile: 'etcd-peer',
      keyPath: etcdPaths.peerKey,
      certificatePath: etcdPaths.peerCertificate,
      caPath: etcdPaths.peerCa,
      names,
      commonName: member.name,
    }),
    step('etcd-server-certificate', 'request-certificate', {
      profile: 'etcd-server',
      keyPath: etcdPaths.serverKey,
      certificatePath: etcdPaths.serverCertificate,
      caPath: etcdPaths.clientCa,
      names,
      commonName: member.name,
    }),
  ];
}

function etcdClientCertificate({ member }: PrepareInputs): Step {
  return step('etcd-client-certificate', 'request-certificate', {
    profile: 'etcd-client',
    keyPath: etcdClientPaths.keyPath,
    certificatePath: etcdClientPaths.certificatePath,
    caPath: etcdClientPaths.caPath,
    names: [],
    commonName: member.name,
  });
}

function services(_inputs: PrepareInputs): readonly Step[] {
  return [
    step('containerd', 'manage-unit', {
      name: 'containerd.service',
      content: containerdUnit,
      enabled: true,
      state: 'running',
      restartOn: [paths.containerdConfig],
    }),
    // Started by kubeadm once its configuration is there.
    step('kubelet-unit', 'manage-unit', {
      name: 'kubelet.service',
      content: kubeletUnit,
      enabled: true,
      state: 'any',
      restartOn: [],
    }),
  ];
}

function startEtcd({ member, etcd, cluster }: PrepareInputs): Step {
  const content = renderEtcdUnit({
    name: member.name,
    address: member.address,
    members: etcd,
    token: `muster-${cluster}`,
  });
  return step('etcd', 'manage-unit', {
    name: 'etcd.service',
    content,
    enabled: true,
    state: 'starting',
    restartOn: [],
  });
}

export function etcdGate({ etcd }: Pick<PrepareInputs, 'etcd'>, id = 'etcd-gate'): Step {
  return step(id, 'wait-etcd-healthy', { members: etcd, credentials: etcdClientPaths });
}

function images({ materials }: PrepareInputs, isMaster: boolean): readonly Step[] {
  const pods = ['kube-proxy', 'flannel', 'coredns', 'pause'];
  const masters = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  const names = isMaster ? [...masters, ...pods] : pods;
  return [
    importImage('nginx', 'muster', materials),
    ...names.map((name) => importImage(name, 'k8s.io', materials)),
  ];
}

export function importImage(name: string, namespace: string, materials: Materials): Step {
  return step(`import-${name}`, 'import-image', {
    artifact: materials.reference(`image-${name}`),
    namespace,
    reference: materials.image(`image-${name}`),
  });
}

function apiProxy({ materials }: PrepareInputs): Step {
  return step('api-proxy', 'manage-unit', {
    name: 'muster-api-proxy.service',
    content: renderApiProxyUnit(materials.image('image-nginx')),
    enabled: true,
    state: 'running',
    restartOn: [paths.apiProxyConfig],
  });
}
