// Whatever a host, a step or an operator writes: nothing of it becomes part of a configuration, a unit,
// an argument or a line of the terminal that it was not meant to be. Each run puts one hostile text in
// one place and installs a whole cluster with it; what was refused at the door is fine too.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify, visit } from 'yaml';
import { columnsOf } from '../../coordinator/cli/columns.ts';
import { formatLine } from '../../coordinator/cli/commands/explain.ts';
import { formatTable } from '../../coordinator/cli/table.ts';
import { lineOfRecord } from '../../coordinator/events/log-line.ts';
import { nodeDocument } from '../../coordinator/operator/node-documents.ts';
import { showWait } from '../../coordinator/operator/wait-sentences.ts';
import { applyRecord } from '../../coordinator/plan-records/apply-record.ts';
import type { Decision } from '../../coordinator/planner/decision.ts';
import { sentence } from '../../coordinator/planner/preflight/check.ts';
import type { NodeView } from '../../coordinator/planner/view.ts';
import { judgeHealth } from '../../coordinator/presence/judge-health.ts';
import { seeCluster } from '../../coordinator/presence/see-cluster.ts';
import { judgeOutputs } from '../../coordinator/rpc/fleet/judge-outputs.ts';
import { parseFacts } from '../../coordinator/rpc/fleet/parse-facts.ts';
import type { ClusterSpec } from '../../coordinator/spec/cluster-spec.ts';
import { parseSpec } from '../../coordinator/spec/parse-spec.ts';
import type { OperatorRequest, PlanRecord } from '../../coordinator/store/records.ts';
import { digestOf } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { type NodeFacts, planningFacts } from '../../shared/model/facts.ts';
import type { JournalRecord, StepOutputs } from '../../shared/model/progress.ts';
import { jsonToWire } from '../../shared/rpc/codec.ts';
import { aCluster, aFacts, aNode, aView, startMs } from '../support/cluster-builders.ts';
import {
  hostileText,
  MARK,
  type Path,
  type Place,
  showPlace,
  textPlaces,
  withText,
} from '../support/hostile-text.ts';
import { finishedRecord, outcomeRecord } from '../support/journal-records.ts';
import { PlanningWorld } from '../support/planning-world.ts';

const pem = '-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n';

/** Facts with something in every list and table. */
function fullFacts(name: string, address: string): NodeFacts {
  return aFacts(name, address, {
    swap: {
      devices: ['/dev/sda2'],
      fstabLines: ['/dev/sda2 none swap sw 0 0'],
      units: ['dev-sda2.swap'],
    },
    dns: { nameservers: ['192.168.7.1'], hostnameResolves: false },
    clock: { synchronized: false, service: 'chrony' },
    ports: [{ port: 6443, address: '0.0.0.0', process: 'haproxy' }],
    firewall: { active: ['ufw'] },
    sysctls: { 'net.ipv4.ip_forward': '1' },
    routes: [
      { destination: 'default', gateway: '192.168.7.1', interface: 'eth0', source: address },
    ],
    proxyEnvironment: ['http_proxy'],
    runtimes: [{ name: 'dockerd', version: '27.0.1', source: '/usr/bin/dockerd' }],
    installed: { kubelet: 'v1.36.0' },
    leftovers: ['/etc/kubernetes/admin.conf'],
    certificates: [{ path: '/etc/etcd/pki/peer.crt', subject: 'CN=m1', notAfterMs: 1 }],
  });
}

const factTables = new Set(['sysctls', 'tools', 'installed']);
const isFactTable = (path: Path): boolean => path.length === 1 && factTables.has(String(path[0]));

const hosts = [
  { name: 'm1', number: 11, pool: 'control-plane' },
  { name: 'm2', number: 12, pool: 'control-plane' },
  { name: 'm3', number: 13, pool: 'control-plane' },
  { name: 'w1', number: 21, pool: 'workers' },
] as const;

/** The nodes of the cluster, one of them with facts of its own. */
function nodesWith(name: string, facts: NodeFacts): readonly NodeView[] {
  return hosts.map((host) => {
    const node = aNode(host.name, host.number, { pool: host.pool });
    if (host.name !== name || node.facts === null) return node;
    return { ...node, facts: { ...node.facts, facts, digest: digestOf(planningFacts(facts)) } };
  });
}

/** Everything an operator may read on a terminal of what was decided. */
function terminalLines(world: PlanningWorld, decision: Decision): readonly string[] {
  const { view, now } = world;
  const shown = decision.waits.map((wait) => showWait(wait, now));
  const source = {
    book: { of: () => null, rejected: () => 0 },
    polls: { startedMs: now, state: () => null },
  };
  const health = judgeHealth(seeCluster(view, source), { now, certificatesNow: now });
  const waits = Map.groupBy(shown, ({ subject }) => subject);
  const documents = view.nodes.map((node) =>
    nodeDocument({ view, decision, waits, health }, node, null),
  );
  const columns = columnsOf('nodes');
  const table = formatTable(
    columns.map(({ header }) => header),
    documents.map((document) => columns.map((column) => column.read(document, world.now))),
  );
  const text = [
    table,
    ...shown.map((wait) => formatLine(wait, now)),
    ...decision.faults.map((fault) => `${fault.node} ${sentence(fault)}\n`),
  ].join('');
  return text.split('\n');
}

const control = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const longestLine = 4_000;

/** Installs, past the preflight, and says where the mark was found. */
function install(nodes: readonly NodeView[], spec?: ClusterSpec) {
  const cluster = aCluster({ ignoredChecks: [], ...(spec === undefined ? {} : { spec }) });
  const judged = new PlanningWorld(nodes, aView(nodes, cluster));
  const first = judged.settle();
  const world = new PlanningWorld(nodes, aView(nodes, { ...cluster, ignoredChecks: ['all'] }));
  const last = world.runAll();
  const lines = [...terminalLines(judged, first), ...terminalLines(world, last)];
  return { world, lines };
}

const refusal = (work: () => unknown): AppError | null => {
  try {
    work();
    return null;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
};

const badLines = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => control.test(line) || line.length > longestLine);

describe('the facts of a host', () => {
  const places = hosts.flatMap((host) =>
    textPlaces(fullFacts(host.name, `192.168.7.${host.number}`), isFactTable).map((place) => ({
      host,
      place,
    })),
  );
  const attack = fc
    .constantFrom(...places)
    .chain(({ host, place }) => hostileText(place.original).map((text) => ({ host, place, text })));

  test('are looked at in every place there is', () => {
    expect(new Set(places.map(({ place }) => showPlace(place))).size).toBeGreaterThan(60);
  });

  test('never reach a configuration, a unit, an argument or a terminal as they came', () => {
    fc.assert(
      fc.property(attack, ({ host, place, text }) => {
        const facts = withText(fullFacts(host.name, `192.168.7.${host.number}`), place, text);
        const refused = refusal(() => parseFacts(jsonToWire(facts)));
        if (refused !== null) {
          expect(refused.code).toBe('invalid');
          expect(refused.message).toContain(`facts.${String(place.path[0])}`);
          expect(badLines(refused.message.split('\n'))).toEqual([]);
          return;
        }
        const { world, lines } = install(nodesWith(host.name, parseFacts(jsonToWire(facts))));
        expect(JSON.stringify(world.drafts)).not.toContain(MARK);
        expect(lines.filter((line) => line.includes(text))).toEqual([]);
        expect(badLines(lines)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('of more than fits are refused whole', () => {
    const facts = fullFacts('m1', '192.168.7.11');
    const many = <T>(one: T): readonly T[] => Array.from({ length: 5_000 }, () => one);
    const lists = Object.entries(facts).filter(([, value]) => Array.isArray(value));
    expect(lists.length).toBeGreaterThan(7);
    for (const [name, value] of lists) {
      const wire = jsonToWire({ ...facts, [name]: many((value as unknown[])[0]) });
      expect(refusal(() => parseFacts(wire))?.message).toContain(`facts.${name}`);
    }
    const sysctls = Object.fromEntries(many('').map((_, index) => [`net.a${index}`, '1']));
    expect(refusal(() => parseFacts(jsonToWire({ ...facts, sysctls })))?.message).toContain(
      'facts.sysctls',
    );
  });
});

describe('a spec', () => {
  const document = {
    apiVersion: 'muster/v1',
    kind: 'Cluster',
    metadata: { name: 'lab' },
    spec: {
      kubernetes: { version: 'v1.37.1' },
      network: {
        pods: '10.200.0.0/16',
        services: '10.96.0.0/12',
        domain: 'cluster.local',
        proxyMode: 'ipvs',
      },
      controlPlane: {
        endpoint: { address: 'vip.example:6443' },
        certSANs: ['api.example', '192.0.2.1'],
        apiServer: { extraArgs: { 'audit-log-maxage': '30' } },
        controllerManager: { extraArgs: { 'node-monitor-period': '5s' } },
        scheduler: { extraArgs: { v: '2' } },
      },
      pools: [
        { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 3 },
        {
          name: 'workers',
          roles: ['worker'],
          labels: { 'example.org/tier': 'general' },
          taints: [{ key: 'batch', value: 'only', effect: 'NoSchedule' }],
          kubelet: { containerLogMaxSize: '10Mi' },
          nodeAddress: { interface: 'eth0', range: '192.168.7.0/24' },
        },
      ],
      rollout: {
        maxUnavailable: '10%',
        soak: '60s',
        windows: ['0 3 * * * 2h'],
        drain: { timeout: '10m', gracePeriod: '30s', onTimeout: 'skip' },
      },
      etcd: { snapshots: { schedule: '0 3 * * *' } },
      kubelet: { evictionHard: { 'memory.available': '200Mi' } },
      kubeProxy: { metricsBindAddress: '127.0.0.1:10249' },
      host: {
        swap: 'off',
        sysctls: { 'vm.max_map_count': '262144' },
        modules: ['dummy'],
        files: [{ path: '/etc/motd', content: 'hello\n', mode: '0644' }],
      },
      hosts: { w1: { nodeAddress: '192.168.7.21', labels: { disk: 'fast' } } },
      artifacts: {
        source: 'directory',
        directory: '/srv/artifacts',
        mirrors: ['http://mirror.example/muster'],
      },
    },
  };
  const tables = /(extraArgs|labels|sysctls|hosts|kubelet|kubeProxy|evictionHard)$/;
  const places = textPlaces(document, (path) => tables.test(String(path.at(-1))));
  /** Text that is the operator's own by purpose: it may be found whole, in its own place only. */
  const isFree = ({ path, as }: Place): boolean =>
    path.some((part) => part === 'kubelet' || part === 'kubeProxy') ||
    (as === 'value' && path.includes('extraArgs')) ||
    (as === 'value' && path.at(-2) === 'sysctls') ||
    path.at(-1) === 'content';
  const attack = fc
    .constantFrom(...places)
    .chain((place) => hostileText(place.original).map((text) => ({ place, text })));

  test('has text in many places', () => {
    expect(parseSpec(stringify(document))).toMatchObject({ kind: 'ok' });
    expect(places.length).toBeGreaterThan(45);
  });

  test('that is hostile gets a fault with its place, or stays inside its own value', () => {
    fc.assert(
      fc.property(attack, ({ place, text }) => {
        const parsed = parseSpec(stringify(withText(document, place, text)));
        if (parsed.kind === 'invalid') {
          expect(parsed.faults.length).toBeGreaterThan(0);
          for (const fault of parsed.faults) {
            expect(fault.line).toBeGreaterThan(0);
            expect(badLines([fault.message, fault.path])).toEqual([]);
          }
          return;
        }
        const nodes = hosts.map((host) => aNode(host.name, host.number, { pool: host.pool }));
        const { world, lines } = install(nodes, parsed.spec);
        for (const draft of world.drafts) {
          for (const { kind, args } of draft.stages.flatMap(({ steps }) => steps)) {
            if (!JSON.stringify(args).includes(MARK)) continue;
            expect([kind, isFree(place)]).toEqual([kind, true]);
            staysInItsPlace(args, text);
          }
        }
        expect(lines.filter((line) => line.includes(MARK))).toEqual([]);
        expect(badLines(lines)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  /** As one scalar of YAML, as a file's whole content, or as one value of a table. */
  function staysInItsPlace(args: object, text: string): void {
    for (const value of Object.values(args) as unknown[]) {
      if (value !== null && typeof value === 'object') {
        const [found] = Object.values(value).filter((entry) => String(entry).includes(MARK));
        if (found !== undefined) expect([text, `262144${text}`]).toContain(found);
        if (found !== undefined) expect(found).not.toMatch(/[\n\r\0]/);
        continue;
      }
      if (typeof value !== 'string' || !value.includes(MARK)) continue;
      if (value.endsWith(text)) continue;
      for (const part of parseAllDocuments(value)) {
        expect('errors' in part ? part.errors : []).toEqual([]);
        if (!('contents' in part)) continue;
        visit(part, {
          Scalar: (_, scalar) => {
            if (String(scalar.value).includes(MARK)) expect(scalar.value).toContain(text);
          },
        });
      }
    }
  }
});

describe('what is past the door all the same', () => {
  const facts = hosts.flatMap((host) =>
    textPlaces(fullFacts(host.name, `192.168.7.${host.number}`), isFactTable).map((place) => ({
      host,
      place,
    })),
  );

  test('of facts is refused by what renders it, or is not rendered', () => {
    const attack = fc
      .constantFrom(...facts)
      .chain(({ host, place }) =>
        hostileText(place.original).map((text) => ({ host, place, text })),
      );
    fc.assert(
      fc.property(attack, ({ host, place, text }) => {
        const raw = withText(fullFacts(host.name, `192.168.7.${host.number}`), place, text);
        const world = new PlanningWorld(
          nodesWith(host.name, raw),
          aView(nodesWith(host.name, raw), aCluster({ ignoredChecks: ['all'] })),
        );
        const refused = refusal(() => world.runAll());
        if (refused !== null) {
          expect(refused.code).toBe('invalid');
          expect(badLines([refused.message])).toEqual([]);
        }
        expect(JSON.stringify(world.drafts)).not.toContain(MARK);
      }),
      { numRuns: 300 },
    );
  });

  const others = hosts
    .filter(({ name, pool }) => pool === 'workers' && name !== 'w1')
    .map(({ name }) => `${name}: join as worker`);

  test('of the names and keys of a host stops that host, and the others go on', () => {
    const attack = fc
      .constantFrom('name', 'publicKey')
      .chain((field) => hostileText('w1').map((text) => ({ field, text })));
    fc.assert(
      fc.property(attack, ({ field, text }) => {
        const nodes = hosts.map((host) => {
          const node = aNode(host.name, host.number, { pool: host.pool });
          if (host.name !== 'w1') return node;
          return { ...node, record: { ...node.record, [field]: text } };
        });
        const world = new PlanningWorld(nodes, aView(nodes, aCluster({ ignoredChecks: ['all'] })));
        const { waits } = world.runAll();
        expect(waits.map(({ reason }) => reason.code)).toContain('plan-refused');
        expect(world.issued.filter((line) => line.endsWith('join as worker'))).toEqual(others);
        expect(JSON.stringify(world.drafts.map(({ stages }) => stages))).not.toContain(MARK);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the outputs of a step', () => {
  const sealed = { encapsulated: 'ZW5j', ciphertext: 'Y2lwaGVy', context: 'p000000000001/c' };
  const held = {
    namespace: 'shop',
    pod: 'web-1',
    why: 'budget',
    budget: 'web',
    message: 'needs 2 healthy pods',
  };
  const usual: Readonly<Record<string, StepOutputs>> = {
    'read-ca-digest': { caDigest: digestOf('ca') },
    'create-join-credentials': { sealed: JSON.stringify(sealed), tokenId: 'abcdef' },
    'check-etcd-registry': { state: 'empty' },
    'etcd-snapshot': { revision: '7', hash: 'a1', bytes: '20', path: '/var/lib/x/first.db' },
    'issue-user-certificate': { certificate: pem, ca: pem },
    'smoke-test': { lines: 'pods: fine', result: 'passed' },
    'cordon-node': { cordoned: 'ours' },
    'drain-node': { left: '1', blocking: JSON.stringify([held]), cordoned: 'yes' },
  };
  const requests: readonly OperatorRequest[] = [
    {
      kind: 'user-certificate',
      id: 'c1',
      cluster: 'lab',
      csrPem: '-----BEGIN CERTIFICATE REQUEST-----\nYQ==\n-----END CERTIFICATE REQUEST-----\n',
      user: 'ann',
      ttlSeconds: 3600,
      createdMs: 0,
    },
    {
      kind: 'drain',
      id: 'd1',
      cluster: 'lab',
      node: aNode('w1', 21).record.id,
      createdMs: startMs,
      limits: {
        timeoutMs: 60_000,
        podGraceSeconds: null,
        evictUnmanaged: false,
        deleteEmptyDirData: true,
        disableEviction: false,
        alone: 'drain',
      },
    },
  ];
  const places = [
    ...textPlaces(usual, (path) => path.length === 1),
    ...Object.entries(sealed).map(([field, original]) => ({
      path: ['create-join-credentials', 'sealed', field],
      as: 'value' as const,
      original,
    })),
    ...Object.entries(held).map(([field, original]) => ({
      path: ['drain-node', 'blocking', field],
      as: 'value' as const,
      original,
    })),
  ];

  /** In a document that is one output. */
  function withInner([kind, output, field]: readonly unknown[], text: string): typeof usual {
    const document = kind === 'drain-node' ? held : sealed;
    const changed = { ...document, [String(field)]: text };
    const value = JSON.stringify(kind === 'drain-node' ? [changed] : changed);
    return { ...usual, [String(kind)]: { ...usual[String(kind)], [String(output)]: value } };
  }

  /** Ends the plan as the reports of a host with these outputs would end it. */
  function report(world: PlanningWorld, plan: PlanRecord, told: typeof usual): readonly string[] {
    const kinds = plan.stages.flatMap(({ steps }) => steps);
    const records = plan.steps.map(({ stepId }, index) => ({
      ...outcomeRecord(plan.planId, stepId),
      outputs: told[kinds[index]?.kind ?? ''] ?? {},
    })) as readonly JournalRecord[];
    let after = plan;
    const lines: string[] = [];
    for (const record of [...records, finishedRecord(plan.planId)]) {
      const judged = judgeOutputs(after, record);
      after = applyRecord(after, judged);
      lines.push(lineOfRecord(plan, judged)?.text ?? '');
    }
    if (after.state === 'done') {
      const outputs = after.steps.map((step, index) => [kinds[index]?.kind ?? '', step.outputs]);
      world.finish(plan, Object.fromEntries(outputs));
    } else world.fail(plan, after.error ?? {});
    return lines;
  }

  test('never reach another host’s plan, nor a terminal, as they came', () => {
    const attack = fc
      .constantFrom(...places)
      .chain((place) => hostileText(place.original).map((text) => ({ place, text })));
    fc.assert(
      fc.property(attack, ({ place, text }) => {
        const told =
          place.path.length === 3 ? withInner(place.path, text) : withText(usual, place, text);
        const nodes = hosts.map((host) => aNode(host.name, host.number, { pool: host.pool }));
        const world = new PlanningWorld(nodes, { ...aView(nodes, aCluster()), requests });
        const lines: string[] = [];
        let decision = world.settle();
        for (let round = 0; world.running().length > 0 && round < 100; round += 1) {
          for (const plan of world.running()) lines.push(...report(world, plan, told));
          world.now += 1000;
          decision = world.settle();
        }
        expect(JSON.stringify(world.drafts)).not.toContain(MARK);
        const shown = [
          ...terminalLines(world, decision),
          ...lines.flatMap((line) => line.split('\n')),
        ];
        expect(badLines(shown)).toEqual([]);
        expect(shown.filter((line) => line.includes(text))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
