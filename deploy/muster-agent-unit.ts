// The agent's systemd unit, as text: bundled into the coordinator, which puts it into join material.
// Commands that change the host run in transient units outside this sandbox; files the agent writes
// itself, in /etc, /opt, /run, /usr/local and /var, so ProtectSystem is not for it. Neither is
// MemoryDenyWriteExecute, which crashes V8. All of it works inside systemd-nspawn too.

export const agentUnit = `[Unit]
Description=Muster agent: pulls signed plans and carries them out
Documentation=man:systemd.unit(5)
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/local/bin/muster-agent run
Restart=always
RestartSec=1
KillMode=control-group
TimeoutStopSec=10
UMask=0077
OOMScoreAdjust=-500
StateDirectory=muster-agent
StateDirectoryMode=0700
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
ProtectHome=read-only

[Install]
WantedBy=multi-user.target
`;
