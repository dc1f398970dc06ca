// The kubelet's unit and the part of its configuration that differs per host.
import { stringify } from 'yaml';
import { paths } from './paths.ts';

// No start limit: before kubeadm wrote its configuration the kubelet may be started and end.
export const kubeletUnit = `[Unit]
Description=kubelet
After=containerd.service network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Environment=PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml --config-dir=${paths.kubeletDropIns} $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

export interface KubeletHost {
  readonly cgroupVersion: 1 | 2;
  /** Fields of KubeletConfiguration: the pool's over the cluster's. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Later files win over /var/lib/kubelet/config.yaml, so a host keeps its own without a fork of kubeadm's. */
export function renderKubeletDropIn(host: KubeletHost): string {
  const forCgroup =
    host.cgroupVersion === 1
      ? // From 1.35 on the kubelet refuses cgroup v1 unless told otherwise.
        { cgroupDriver: 'cgroupfs', failCgroupV1: false }
      : { cgroupDriver: 'systemd' };
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    ...forCgroup,
    ...host.settings,
  });
}
