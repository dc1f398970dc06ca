// A host whose health is looked at: files and programs as a test says, servers it started, and a
// kubelet that answers what it is told to.

import { createHealthSources, type HealthSources } from '../../agent/health/health-sources.ts';
import type { HttpAnswer } from '../../agent/host/http-get.ts';
import { connectKubeApi } from '../../agent/host/node-kube-api.ts';
import type { TlsPlace } from '../../agent/host/tls-peek.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeHost } from '../fakes/host.ts';
import type { KubeApiServer } from '../fakes/kube-api-server.ts';
import { FakeMachine } from '../fakes/machine.ts';
import { kubeconfigText } from './kube-pki.ts';

export interface HealthWorld {
  readonly sources: HealthSources;
  readonly host: FakeHost;
  readonly machine: FakeMachine;
  readonly clock: FakeClock;
  /** URLs that the kubelet was asked at. */
  readonly asked: string[];
  kubelet: HttpAnswer | Error | 'hangs';
  /** What ports serve; nothing, when a test does not say. */
  peek: (place: TlsPlace) => Promise<Uint8Array>;
}

export interface HealthWorldOptions {
  readonly limitMs?: number;
  readonly etcdUrl?: string;
  readonly signal?: AbortSignal;
}

export function healthWorld(options: HealthWorldOptions = {}): HealthWorld {
  const host = new FakeHost();
  const machine = new FakeMachine();
  const clock = new FakeClock();
  const world: HealthWorld = {
    sources: {} as HealthSources,
    host,
    machine,
    clock,
    asked: [],
    kubelet: { status: 200, text: 'ok' },
    peek: async ({ port }) => {
      throw new Error(`nothing serves at port ${port}`);
    },
  };
  const httpGet = async (url: string, signal: AbortSignal): Promise<HttpAnswer> => {
    world.asked.push(url);
    const { kubelet } = world;
    if (kubelet instanceof Error) throw kubelet;
    if (kubelet !== 'hangs') return kubelet;
    signal.throwIfAborted();
    return await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  };
  const signal = options.signal ?? new AbortController().signal;
  const sources = createHealthSources({
    host,
    machine,
    httpGet,
    tlsPeek: async (place) => await world.peek(place),
    openKube: connectKubeApi,
    clock,
    ...options,
    signal,
  });
  return Object.assign(world, { sources });
}

/** The files of a host that is a node of the cluster behind `server`. */
export async function putNode(world: HealthWorld, server: KubeApiServer): Promise<void> {
  const kubelet = await server.ca.issue('O=system:nodes,CN=system:node:w1');
  const config = kubeconfigText(server.url, server.ca.certificate, kubelet);
  world.host.put('/etc/kubernetes/kubelet.conf', config);
  world.host.put('/var/lib/kubelet/config.yaml', 'kind: KubeletConfiguration\n');
}

/** A node as the API tells it. */
export const aKubeNode = (
  ready: string,
  change: object = {},
  more: readonly object[] = [],
): Record<string, unknown> => ({
  metadata: { name: 'w1' },
  status: {
    conditions: [
      ...more,
      { type: 'MemoryPressure', status: 'False' },
      {
        type: 'Ready',
        status: ready,
        reason: ready === 'True' ? 'KubeletReady' : 'KubeletNotReady',
        message: 'container runtime network not ready:\n cni plugin not initialized',
        lastTransitionTime: '2026-11-21T10:00:00Z',
        ...change,
      },
    ],
  },
});
