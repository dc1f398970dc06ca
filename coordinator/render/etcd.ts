// An etcd member as a systemd unit with mutual TLS on both of its ports.
import { checked } from '../../shared/alphabets.ts';
import type { EtcdEndpoint } from '../../shared/model/step.ts';
import { etcdPaths, paths } from './paths.ts';

export interface EtcdMemberOptions {
  readonly name: string;
  readonly address: string;
  readonly members: readonly EtcdEndpoint[];
  /** Unique per cluster: members of another cluster are refused even if addresses were reused. */
  readonly token: string;
}

export function renderEtcdUnit(options: EtcdMemberOptions): string {
  const { name, address, members } = options;
  const where = `etcd member ${checked('nodeName', name, 'name of an etcd member')}`;
  checked('address', address, `${where}: address`);
  checked('identifier', options.token, `${where}: cluster token`);
  const initial = members.map((member) => initialMember(member, where)).join(',');
  const flags = [
    `--name=${name}`,
    `--data-dir=${paths.etcdData}`,
    `--listen-client-urls=https://${address}:2379,https://127.0.0.1:2379`,
    `--advertise-client-urls=https://${address}:2379`,
    `--listen-peer-urls=https://${address}:2380`,
    `--initial-advertise-peer-urls=https://${address}:2380`,
    `--initial-cluster=${initial}`,
    '--initial-cluster-state=new',
    `--initial-cluster-token=${options.token}`,
    '--client-cert-auth',
    `--trusted-ca-file=${etcdPaths.clientCa}`,
    `--cert-file=${etcdPaths.serverCertificate}`,
    `--key-file=${etcdPaths.serverKey}`,
    '--peer-client-cert-auth',
    `--peer-trusted-ca-file=${etcdPaths.peerCa}`,
    `--peer-cert-file=${etcdPaths.peerCertificate}`,
    `--peer-key-file=${etcdPaths.peerKey}`,
    '--auto-compaction-mode=periodic',
    '--auto-compaction-retention=8h',
    '--quota-backend-bytes=2147483648',
    '--strict-reconfig-check',
  ];
  return `[Unit]
Description=etcd
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart=/usr/local/bin/etcd \\
  ${flags.join(' \\\n  ')}
Restart=always
RestartSec=1
TimeoutStartSec=0
LimitNOFILE=65536
ProtectSystem=full
ProtectHome=yes
NoNewPrivileges=yes

[Install]
WantedBy=multi-user.target
`;
}

function initialMember({ name, peerUrl }: EtcdEndpoint, where: string): string {
  checked('nodeName', name, `${where}: name of another member`);
  return `${name}=${checked('url', peerUrl, `${where}: peer URL of ${name}`)}`;
}
