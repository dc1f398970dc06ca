// Builders for planner tests: a host's facts, a cluster, and a world that carries plans out.

import type { ArtifactLock } from '../../coordinator/artifacts/lock.ts';
import { artifactNamesFor, SMOKE_IMAGE } from '../../coordinator/components/bill-of-materials.ts';
import type { PlanDraft } from '../../coordinator/planner/decision.ts';
import type { ClusterView, NodeView } from '../../coordinator/planner/view.ts';
import { type ClusterSpec, clusterSpecSchema } from '../../coordinator/spec/cluster-spec.ts';
import type { ClusterRecord, PlanRecord } from '../../coordinator/store/records.ts';
import { digestOf } from '../../shared/canonical.ts';
import { type NodeFacts, planningFacts } from '../../shared/model/facts.ts';
import { asNodeId, asPlanId } from '../../shared/model/ids.ts';

const GiB = 1024 ** 3;
export const startMs = 1_800_000_000_000;

export function aFacts(name: string, address: string, change: Partial<NodeFacts> = {}): NodeFacts {
  return {
    schema: 'muster/facts/v1',
    collectedAtMs: startMs,
    hostname: name,
    machineId: `machine-${name}`,
    productUuid: `uuid-${name}`,
    bootId: `boot-${name}`,
    architecture: 'x64',
    os: { id: 'debian', version: '12', pretty: 'Debian 12' },
    kernel: { release: '6.1.0-13-amd64', config: 'found' },
    virtualization: { kind: 'none', container: false },
    modules: ['overlay', 'vxlan', 'br_netfilter'].map((module) => ({
      name: module,
      state: 'builtin',
    })),
    overlayfs: true,
    swap: { devices: [], fstabLines: [], units: [] },
    memoryBytes: 4 * GiB,
    cpus: 2,
    disks: ['/', '/var/lib/etcd', '/var/lib/containerd'].map((path) => ({
      path,
      filesystem: 'ext4',
      totalBytes: 100 * GiB,
      freeBytes: 50 * GiB,
    })),
    addresses: [{ interface: 'eth0', address, prefix: 24, family: 'ipv4' }],
    routes: [{ destination: 'default', gateway: '192.168.7.1', interface: 'eth0', source: null }],
    dns: { nameservers: ['192.168.7.1'], hostnameResolves: true },
    clock: { synchronized: true, service: 'chrony' },
    cgroup: { version: 2, controllers: ['cpu', 'cpuset', 'memory', 'pids', 'io'] },
    ports: [],
    firewall: { active: [] },
    selinux: 'disabled',
    apparmor: false,
    sysctls: {},
    tools: {
      ip: '/sbin/ip',
      iptables: '/sbin/iptables',
      mount: '/bin/mount',
      nsenter: '/bin/nsenter',
      systemctl: '/bin/systemctl',
    },
    uid: 0,
    proxyEnvironment: [],
    runtimes: [],
    installed: {},
    leftovers: [],
    certificates: [],
    clockSkewMs: 0,
    agentVersion: '0.1.0',
    ...change,
  };
}

export function aLock(): ArtifactLock {
  const names = [...artifactNamesFor(aSpec(), ['etcd', 'control-plane', 'worker']), SMOKE_IMAGE];
  return {
    schema: 'muster/artifact-lock/v1',
    artifacts: names.map((name) => ({
      name,
      version: '1.0.0',
      arch: 'amd64',
      kind: name.startsWith('image-') ? 'image' : 'binary',
      url: `https://example.org/${name}`,
      sha256: digestOf(name),
      size: 1000,
      reference: name.startsWith('image-') ? `example.org/${name}:1.0.0` : null,
    })),
  };
}

export function aSpec(change: object = {}): ClusterSpec {
  return clusterSpecSchema.parse({
    kubernetes: { version: 'v1.37.1' },
    pools: [
      { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 3 },
      { name: 'workers', roles: ['worker'] },
    ],
    ...change,
  });
}

export function aCluster(change: Partial<ClusterRecord> = {}): ClusterRecord {
  return {
    name: 'lab',
    specYaml: '',
    spec: aSpec(),
    lock: aLock(),
    ignoredChecks: [],
    createdMs: startMs,
    controlPlane: null,
    specGeneration: 1,
    etcd: null,
    change: null,
    masters: [],
    caDigest: null,
    reached: {},
    retryGeneration: 0,
    ...change,
  };
}

export interface NodeOptions {
  readonly pool?: string;
  readonly facts?: Partial<NodeFacts>;
  readonly online?: boolean;
  readonly joinedMs?: number;
}

/** `number` becomes the last part of the address: 192.168.7.N. */
export function aNode(name: string, number: number, options: NodeOptions = {}): NodeView {
  const facts = aFacts(name, `192.168.7.${number}`, options.facts);
  const id = asNodeId(digestOf(name).slice(0, 16));
  return {
    record: {
      id,
      name,
      cluster: 'lab',
      pool: options.pool ?? 'control-plane',
      state: 'active',
      publicKey: `key-of-${name}`,
      counter: 0,
      joinedMs: options.joinedMs ?? startMs + number,
      tokenId: 'mt0000000000',
      joinedFrom: `192.168.7.${number}`,
      sequence: { host: 0, cluster: 0 },
      applied: {},
      retryGeneration: 0,
    },
    facts: { nodeId: id, digest: digestOf(planningFacts(facts)), reportedMs: startMs, facts },
    factsToldMs: startMs,
    lastPollMs: startMs,
    online: options.online ?? true,
    doing: { host: '', cluster: '' },
    plans: [],
  };
}

export function aView(
  nodes: readonly NodeView[],
  cluster: ClusterRecord = aCluster(),
): ClusterView {
  return {
    cluster,
    nodes,
    requests: [],
    artifacts: {
      stored: new Set(cluster.lock.artifacts.map((artifact) => artifact.sha256)),
      pulling: false,
    },
  };
}

/** A plan record as issuing `draft` would make it. */
export function planFrom(draft: PlanDraft, number: number, now: number): PlanRecord {
  return {
    planId: asPlanId(`p${String(number).padStart(12, '0')}`),
    nodeId: draft.nodeId,
    nodeName: '',
    cluster: 'lab',
    lane: draft.lane,
    goal: draft.goal,
    goalKey: draft.goalKey,
    brings: draft.brings,
    attempt: draft.attempt,
    epoch: 1,
    sequence: number,
    state: 'issued',
    refusal: null,
    message: null,
    error: null,
    issuedMs: now,
    expiresMs: now + 3_600_000,
    acceptedMs: null,
    finishedMs: null,
    changedSteps: 0,
    stopRequested: false,
    stages: draft.stages.map(({ title, steps }) => ({
      title,
      steps: steps.map(({ id, kind }) => ({ id, kind })),
    })),
    steps: draft.stages.flatMap(({ steps }) =>
      steps.map(({ id }) => ({
        stepId: id,
        state: 'pending' as const,
        attempt: 0,
        beganMs: null,
        durationMs: null,
        note: null,
        outputs: {},
        error: null,
      })),
    ),
  };
}
