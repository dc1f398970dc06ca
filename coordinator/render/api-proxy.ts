// The local API proxy: nginx in stream mode on 127.0.0.1, all masters in turn. It is
// an image that containerd runs on the host's network under a unit of its own, so it needs neither a
// distribution package nor the kubelet.
import { checked } from '../../shared/alphabets.ts';
import { API_PORT, PROXY_PORT, paths } from './paths.ts';

/**
 * As many connections as containerd gives a container files: more is a warning at every start, and no
 * more connections. A node's own clients are a few dozen.
 *
 * In turn, and not to the one with the fewest connections: an API server that has just started answers 403
 * for a second or more, until it knows the roles of the cluster, and has no connections at all. In turn it
 * gets a third of the new ones, and a client that is turned away and asks again comes to another.
 *
 * @param masters addresses. A dead one drops out after one failed connect and is tried again after 2 s:
 * longer, and the first API server of a cluster is found that much later. */
export function renderApiProxyConfig(masters: readonly string[]): string {
  const servers = masters
    .map((address, index) =>
      checked('address', address, `address of control-plane host ${index + 1}`),
    )
    .map((address) => `    server ${address}:${API_PORT} max_fails=1 fail_timeout=2s;\n`)
    .join('');
  return `load_module modules/ngx_stream_module.so;
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
stream {
  upstream apiservers {
${servers}  }
  server {
    listen 127.0.0.1:${PROXY_PORT};
    proxy_pass apiservers;
    proxy_connect_timeout 1s;
    proxy_timeout 10m;
  }
}
`;
}

/**
 * `ctr run` stays in the foreground: systemd sees the proxy itself come and go. The unit wants containerd
 * and does not require it: a stop of containerd would stop it too, and nothing would start it again.
 * So it goes on serving without containerd, and takes itself up when that is back.
 */
export function renderApiProxyUnit(image: string): string {
  checked('imageReference', image, 'image of the API proxy');
  const directory = '/etc/muster/api-proxy';
  const mount = `type=bind,src=${directory},dst=${directory},options=rbind:ro`;
  const ctr = '/usr/local/bin/ctr --namespace muster';
  return `[Unit]
Description=Muster API proxy
After=containerd.service
Wants=containerd.service
StartLimitIntervalSec=0

[Service]
Environment=PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStartPre=-${ctr} task kill --signal SIGKILL api-proxy
ExecStartPre=-${ctr} task delete --force api-proxy
ExecStartPre=-${ctr} container delete api-proxy
ExecStartPre=-${ctr} snapshot remove api-proxy
ExecStart=${ctr} run --net-host --mount ${mount} ${image} api-proxy nginx -c ${paths.apiProxyConfig} -g "daemon off;"
ExecStopPost=-${ctr} task delete --force api-proxy
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
}
