// containerd as pods' runtime: its configuration and its unit.
import { checked } from '../../shared/alphabets.ts';

export interface ContainerdOptions {
  readonly pauseImage: string;
  /** systemd on cgroup v2; on v1 the cgroupfs driver, and the kubelet follows. */
  readonly systemdCgroup: boolean;
}

export function renderContainerdConfig(options: ContainerdOptions): string {
  const runtime = '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc';
  return `version = 3
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${checked('imageReference', options.pauseImage, 'pause image of containerd')}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
${runtime}]
  runtime_type = "io.containerd.runc.v2"
${runtime}.options]
  BinaryName = "/usr/local/bin/runc"
  SystemdCgroup = ${options.systemdCgroup}
`;
}

// KillMode=process: containers outlive a restart of containerd.
export const containerdUnit = `[Unit]
Description=containerd container runtime
After=network.target

[Service]
Type=notify
Environment=PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/usr/local/bin/containerd
Delegate=yes
KillMode=process
OOMScoreAdjust=-999
LimitNOFILE=1048576
TasksMax=infinity
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
