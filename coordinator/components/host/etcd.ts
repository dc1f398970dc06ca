// An etcd member: binaries, certificates of its own, its unit. All members of a new cluster are
// started by plans issued together (the first start blocks until there is a quorum), so `start` does
// not wait and the gate does.
import { renderEtcdUnit } from '../../render/etcd.ts';
import { etcdPaths, paths } from '../../render/paths.ts';
import { etcdGate } from '../../runbooks/gate.ts';
import { step } from '../../runbooks/step-builder.ts';
import { type HostComponent, type HostTarget, isEtcd } from './host-target.ts';

export const etcd: HostComponent = {
  disruption: 'change',
  isFor: isEtcd,
  steps: ({ host, etcd: members, cluster, materials }) => {
    const prefix = `etcd-v${materials.version('etcd')}-linux-${host.arch}/`;
    const content = renderEtcdUnit({
      name: host.name,
      address: host.address,
      members,
      token: `muster-${cluster}`,
    });
    return {
      install: [
        step('unpack-etcd', 'unpack-archive', {
          artifact: materials.reference('etcd'),
          members: ['etcd', 'etcdctl', 'etcdutl'].map((name) => ({
            from: `${prefix}${name}`,
            to: `${paths.binaries}/${name}`,
          })),
        }),
      ],
      certificates: certificates(host),
      services: [
        step('etcd', 'manage-unit', {
          name: 'etcd.service',
          content,
          enabled: true,
          state: 'starting',
          restartOn: [],
        }),
      ],
      gate: [etcdGate('etcd-gate', members)],
    };
  },
};

function certificates(host: HostTarget) {
  const names = [host.address, '127.0.0.1', 'localhost', host.name];
  return [
    step('etcd-peer-certificate', 'request-certificate', {
      profile: 'etcd-peer',
      keyPath: etcdPaths.peerKey,
      certificatePath: etcdPaths.peerCertificate,
      caPath: etcdPaths.peerCa,
      names,
      commonName: host.name,
    }),
    step('etcd-server-certificate', 'request-certificate', {
      profile: 'etcd-server',
      keyPath: etcdPaths.serverKey,
      certificatePath: etcdPaths.serverCertificate,
      caPath: etcdPaths.clientCa,
      names,
      commonName: host.name,
    }),
  ];
}
