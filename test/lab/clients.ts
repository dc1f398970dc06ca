// Two clients of a living cluster that count every request: one writes to the API through the proxy of
// a worker, one calls a service with two replicas and a disruption budget. They run on a host of the
// lab, as loops of curl, so that what they see is what a program on that host sees.

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { type Fleet, until } from './fleet.ts';

export interface Counted {
  readonly requests: number;
  readonly failed: number;
  /** Failed, and again when it was repeated at once. */
  readonly lost: number;
  /** What was seen instead, with how often. */
  readonly seen: Readonly<Record<string, number>>;
}

export interface Clients {
  stop(): Promise<{ readonly api: Counted; readonly service: Counted }>;
}

const namespace = 'clients';
const everySeconds = 0.1;

/** @param host where the clients run; a worker */
export async function startClients(fleet: Fleet, host: string): Promise<Clients> {
  const address = await startService(fleet);
  await putCredentials(fleet, host);
  const body = `{\\"apiVersion\\":\\"v1\\",\\"kind\\":\\"ConfigMap\\",\\"metadata\\":{\\"name\\":\\"written\\"},\\"data\\":{\\"n\\":\\"$n\\"}}`;
  const url = `https://127.0.0.1:9443/api/v1/namespaces/${namespace}/configmaps/written`;
  const api = `curl -sk -m 10 -o /dev/null -w '%{http_code}' --cert /run/clients/tls.crt --key /run/clients/tls.key -X PUT -H 'content-type: application/json' --data "${body}" ${url}`;
  const service = `curl -s -m 5 -o /dev/null -w '%{http_code}' http://${address}/hostname`;
  const running = [
    fleet.lab.exec(host, ['sh', '-c', loopOf('api', api)]),
    fleet.lab.exec(host, ['sh', '-c', loopOf('service', service)]),
  ];
  return {
    stop: async () => {
      await fleet.lab.exec(host, ['touch', '/run/clients/stop']);
      await Promise.all(running);
      const read = async (name: string): Promise<Counted> => {
        const { stdout } = await fleet.lab.exec(host, ['cat', `/run/clients/${name}`]);
        return counted(stdout);
      };
      return { api: await read('api'), service: await read('service') };
    },
  };
}

/** A line per request: its answer, and that of its repetition where it failed. */
const loopOf = (name: string, request: string): string =>
  [
    'n=0',
    'while [ ! -e /run/clients/stop ]; do n=$((n+1))',
    `a=$(${request}); b=-`,
    `case $a in 2*) ;; *) b=$(${request});; esac`,
    `echo "$a $b" >> /run/clients/${name}; sleep ${everySeconds}`,
    'done',
  ].join('\n');

function counted(text: string): Counted {
  const lines = text.trim().split('\n');
  const failed = lines.filter((line) => !line.startsWith('2'));
  const seen: Record<string, number> = {};
  for (const line of failed) seen[line] = (seen[line] ?? 0) + 1;
  const lost = failed.filter((line) => !/ 2\d\d$/.test(line)).length;
  return { requests: lines.length, failed: failed.length, lost, seen };
}

/** @returns HOST:PORT of the service inside the cluster */
async function startService(fleet: Fleet): Promise<string> {
  const image = await agnhostOf(fleet);
  const manifest = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'written', namespace },
        data: { n: '0' },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'answers', namespace },
        spec: {
          replicas: 2,
          selector: { matchLabels: { app: 'answers' } },
          template: {
            metadata: { labels: { app: 'answers' } },
            spec: {
              containers: [
                {
                  name: 'answers',
                  image,
                  imagePullPolicy: 'Never',
                  args: ['netexec', '--http-port=8080'],
                  readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
                  // A pod that ends answers until nobody is sent to it any more.
                  lifecycle: { preStop: { sleep: { seconds: 5 } } },
                },
              ],
              terminationGracePeriodSeconds: 10,
              topologySpreadConstraints: [
                {
                  maxSkew: 1,
                  topologyKey: 'kubernetes.io/hostname',
                  whenUnsatisfiable: 'ScheduleAnyway',
                  labelSelector: { matchLabels: { app: 'answers' } },
                },
              ],
            },
          },
        },
      },
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'answers', namespace },
        spec: { minAvailable: 1, selector: { matchLabels: { app: 'answers' } } },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'answers', namespace },
        spec: { selector: { app: 'answers' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
    ],
  });
  await fleet.kubectl(['apply', '-f', '-'], { stdin: manifest });
  const ready = async (): Promise<boolean> => {
    const { stdout } = await fleet.kubectl([
      ...['get', 'deployment', 'answers', '-n', namespace],
      ...['-o', 'jsonpath={.status.readyReplicas}'],
    ]);
    return stdout === '2';
  };
  await until(ready, { what: 'the service with two replicas', timeoutMs: 120_000, everyMs: 500 });
  const { stdout } = await fleet.kubectl([
    ...['get', 'service', 'answers', '-n', namespace, '-o', 'jsonpath={.spec.clusterIP}'],
  ]);
  // Rules of kube-proxy follow a moment after the endpoints.
  await sleep(1_000);
  return `${stdout}:80`;
}

async function agnhostOf(fleet: Fleet): Promise<string> {
  const { stdout } = await fleet.lab.exec('w1', [
    ...['/usr/local/bin/ctr', '-n', 'k8s.io', 'images', 'ls', '-q'],
  ]);
  const found = stdout.split('\n').find((line) => line.includes('/agnhost:'));
  if (found === undefined) throw new Error('no host has the image of the smoke test');
  return found;
}

/** The operator's own: a client of the cluster like any other. */
async function putCredentials(fleet: Fleet, host: string): Promise<void> {
  const config = parse(await readFile(fleet.kubeconfig, 'utf8')) as {
    readonly users: readonly {
      readonly user: {
        readonly 'client-certificate-data': string;
        readonly 'client-key-data': string;
      };
    }[];
  };
  const user = config.users[0]?.user;
  if (user === undefined) throw new Error(`${fleet.kubeconfig} has no user`);
  const script = `rm -rf /run/clients; umask 077; mkdir /run/clients; echo ${user['client-certificate-data']} | base64 -d > /run/clients/tls.crt; echo ${user['client-key-data']} | base64 -d > /run/clients/tls.key`;
  await fleet.lab.exec(host, ['sh', '-c', script]);
}
