// The kubelet with its unit and settings, kubectl, and what a master's API server needs to reach etcd.
import { kubeletUnit, renderKubeletDropIn } from '../../render/kubelet.ts';
import { etcdClientPaths, paths } from '../../render/paths.ts';
import { installBinary, step, writeConfig } from '../../runbooks/step-builder.ts';
import { cgroupVersionOf, type HostComponent, isMaster } from './host-target.ts';

/**
 * kubeadm names the folder to every kubelet and makes it on masters only: a worker's kubelet complains
 * of a missing one each second. Files that begin with a dot are no pods to it.
 */
const staticPodFolder = writeConfig('static-pods', `${paths.manifests}/.keep`, '');

export const kubernetes: HostComponent = {
  disruption: 'drain',
  isFor: () => true,
  steps: ({ spec, host, materials }) => {
    // kubectl is for people: Muster's own steps speak to the API without it.
    const binaries = ['kubelet', ...(isMaster(host) ? ['kubectl'] : [])];
    const dropIn = renderKubeletDropIn({
      cgroupVersion: cgroupVersionOf(host),
      settings: { ...spec.kubelet, ...host.pool.kubelet },
    });
    const etcdClient = step('etcd-client-certificate', 'request-certificate', {
      profile: 'etcd-client',
      keyPath: etcdClientPaths.keyPath,
      certificatePath: etcdClientPaths.certificatePath,
      caPath: etcdClientPaths.caPath,
      names: [],
      commonName: host.name,
    });
    return {
      install: binaries.map((binary) => installBinary(materials, binary)),
      configure: [
        writeConfig('kubelet-config', paths.kubeletDropIn, dropIn),
        ...(isMaster(host) ? [] : [staticPodFolder]),
      ],
      certificates: isMaster(host) ? [etcdClient] : [],
      services: [
        // Started by kubeadm once its configuration is there.
        step('kubelet-unit', 'manage-unit', {
          name: 'kubelet.service',
          content: kubeletUnit,
          enabled: true,
          state: 'any',
          restartOn: [],
        }),
      ],
    };
  },
};
