// One node of a cluster and its pods, behind the fakes of the Kubernetes API: patches that hold a version,
// lists in pages, evictions that ask budgets, pods that take their time to end, finalizers that keep them.
import type { FakeAnswer, FakeRequest, KubeObjects } from './kube-objects.ts';

export interface PodOptions {
  readonly namespace?: string;
  readonly node?: string;
  /** Kind of its controller; null: it has none. @default ReplicaSet */
  readonly controller?: string | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly phase?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hasEmptyDir?: boolean;
  readonly finalizers?: readonly string[];
  /** How long it takes to end once it was told to. @default 0 */
  readonly endsAfterMs?: number;
}

export interface Budget {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Evictions that it allows now; each one takes one away. */
  allowed: number;
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly object[];
    finalizers: readonly string[];
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
  };
  readonly spec: { readonly nodeName: string; readonly volumes: readonly object[] };
  readonly status: { readonly phase: string };
  readonly endsAfterMs: number;
  endsAtMs: number;
}

interface NodeObject {
  readonly kind: 'Node';
  metadata: {
    name: string;
    resourceVersion: string;
    annotations: Record<string, string>;
    labels: Record<string, string>;
  };
  spec: { unschedulable?: boolean; taints?: readonly object[] };
  readonly status: { readonly nodeInfo: { readonly machineID: string } };
}

export class KubePods {
  readonly pods: Pod[] = [];
  readonly budgets: Budget[] = [];
  /** Every pod that was told to end, and how: "evict shop/web-1". */
  readonly told: string[] = [];
  node: NodeObject | null;
  private readonly now: () => number;
  private number = 0;

  constructor(objects: KubeObjects, now: () => number, machineID = 'machine-w1') {
    this.now = now;
    this.node = {
      kind: 'Node',
      metadata: { name: 'w1', resourceVersion: '1', annotations: {}, labels: {} },
      spec: {},
      status: { nodeInfo: { machineID } },
    };
    objects.on(/^(GET|PATCH) \/api\/v1\/nodes\/w1$/, (request) => this.ofNode(request));
    objects.on(/^GET \/api\/v1\/pods$/, (request) => this.list(request));
    objects.on(/^POST \/api\/v1\/namespaces\/.+\/eviction$/, (request) => this.evict(request));
    objects.on(/^DELETE \/api\/v1\/namespaces\/[^/]+\/pods\//, (request) => this.delete(request));
  }

  /** As kubectl or another tool does it. */
  setCordon(unschedulable: boolean, owner?: string): void {
    if (this.node === null) throw new Error('there is no node');
    const { taints } = this.node.spec;
    this.node.spec = { ...(unschedulable ? { unschedulable } : {}), ...(taints && { taints }) };
    const annotations = owner === undefined ? {} : { 'muster.dev/cordoned-by': owner };
    this.node.metadata = { ...this.node.metadata, annotations };
    this.touch();
  }

  /** Something else of the Node changes, as its conditions do. */
  touch(): void {
    const { node } = this;
    if (node === null) return;
    const resourceVersion = String(Number(node.metadata.resourceVersion) + 1);
    node.metadata = { ...node.metadata, resourceVersion };
  }

  add(name: string, options: PodOptions = {}): this {
    this.number += 1;
    const { namespace = 'shop', controller = 'ReplicaSet', phase = 'Running' } = options;
    const owner = { apiVersion: 'apps/v1', kind: controller, name: 'owner', controller: true };
    this.pods.push({
      metadata: {
        ...{ name, namespace, uid: `uid-${this.number}`, labels: options.labels ?? {} },
        annotations: options.annotations ?? {},
        ownerReferences: controller === null ? [] : [owner],
        finalizers: options.finalizers ?? [],
      },
      spec: {
        nodeName: options.node ?? 'w1',
        volumes: options.hasEmptyDir === true ? [{ name: 'scratch', emptyDir: {} }] : [],
      },
      status: { phase },
      endsAfterMs: options.endsAfterMs ?? 0,
      endsAtMs: Number.POSITIVE_INFINITY,
    });
    return this;
  }

  budget(name: string, labels: Budget['labels'], allowed: number): Budget {
    const budget = { namespace: 'shop', name, labels, allowed };
    this.budgets.push(budget);
    return budget;
  }

  /** Of the node, those that are not gone. */
  names(): readonly string[] {
    this.collect();
    return this.pods
      .filter(({ spec }) => spec.nodeName === 'w1')
      .map(({ metadata: { namespace, name } }) => `${namespace}/${name}`);
  }

  private collect(): void {
    const stays = ({ metadata, endsAtMs }: Pod): boolean =>
      this.now() < endsAtMs || metadata.finalizers.length > 0;
    this.pods.splice(0, this.pods.length, ...this.pods.filter(stays));
  }

  private ofNode({ method, body }: FakeRequest): FakeAnswer {
    const { node } = this;
    if (node === null) return { status: 404, body: { message: 'nodes "w1" not found' } };
    if (method === 'GET') return { status: 200, body: node };
    const patch = body as {
      metadata: Readonly<Record<string, unknown>> & { resourceVersion?: string };
      spec?: Readonly<Record<string, unknown>>;
    };
    if (patch.metadata.resourceVersion !== node.metadata.resourceVersion) {
      return { status: 409, body: { message: 'the object has been modified' } };
    }
    const { annotations, labels } = patch.metadata;
    node.metadata.annotations = merged(node.metadata.annotations, annotations);
    node.metadata.labels = merged(node.metadata.labels, labels);
    node.spec = merged(node.spec, patch.spec);
    this.touch();
    return { status: 200, body: node };
  }

  private list({ query }: FakeRequest): FakeAnswer {
    this.collect();
    const node = query.get('fieldSelector')?.replace('spec.nodeName=', '');
    const all = this.pods.filter(({ spec }) => spec.nodeName === node);
    const from = Number(query.get('continue') ?? '0');
    const limit = Number(query.get('limit') ?? '500');
    const items = all.slice(from, from + limit);
    const next = from + limit < all.length ? String(from + limit) : '';
    return { status: 200, body: { kind: 'PodList', metadata: { continue: next }, items } };
  }

  private evict({ path, body }: FakeRequest): FakeAnswer {
    const pod = this.find(path.replace(/\/eviction$/, ''));
    if (pod === undefined) return { status: 404, body: { message: 'pod not found' } };
    const { deleteOptions } = body as { deleteOptions: DeleteOptions };
    if (isOther(pod, deleteOptions)) return conflict;
    const { labels, namespace } = pod.metadata;
    const own = this.budgets.filter(
      (budget) =>
        budget.namespace === namespace &&
        Object.entries(budget.labels).every(([name, value]) => labels[name] === value),
    );
    const [budget, another] = own;
    if (another !== undefined) {
      const message = 'This pod has more than one PodDisruptionBudget';
      return { status: 500, body: { message } };
    }
    if (budget !== undefined && budget.allowed === 0) return heldBy(budget);
    if (budget !== undefined) budget.allowed -= 1;
    this.end(pod, 'evict', deleteOptions);
    return { status: 201, body: { status: 'Success' } };
  }

  private delete({ path, body }: FakeRequest): FakeAnswer {
    const pod = this.find(path);
    if (pod === undefined) return { status: 404, body: { message: 'pod not found' } };
    const options = (body ?? {}) as DeleteOptions;
    if (isOther(pod, options)) return conflict;
    this.end(pod, 'delete', options);
    return { status: 200, body: pod };
  }

  private find(path: string): Pod | undefined {
    this.collect();
    return this.pods.find(
      ({ metadata }) => path === `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`,
    );
  }

  private end(pod: Pod, how: string, { gracePeriodSeconds }: DeleteOptions): void {
    const { metadata } = pod;
    const grace = gracePeriodSeconds === undefined ? '' : ` within ${gracePeriodSeconds} s`;
    this.told.push(`${how} ${metadata.namespace}/${metadata.name}${grace}`);
    const graceMs = (gracePeriodSeconds ?? 30) * 1_000;
    metadata.deletionTimestamp = new Date(this.now() + graceMs).toISOString();
    metadata.deletionGracePeriodSeconds = graceMs / 1_000;
    pod.endsAtMs = this.now() + Math.min(pod.endsAfterMs, graceMs);
  }
}

interface DeleteOptions {
  readonly preconditions?: { readonly uid: string };
  readonly gracePeriodSeconds?: number;
}

const isOther = (pod: Pod, { preconditions }: DeleteOptions): boolean =>
  preconditions !== undefined && preconditions.uid !== pod.metadata.uid;

const conflict: FakeAnswer = {
  status: 409,
  body: { message: 'the UID in the precondition differs' },
};

/** As the API server of v1.37 says it. */
const heldBy = ({ name }: Budget): FakeAnswer => ({
  status: 429,
  body: {
    kind: 'Status',
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    details: {
      causes: [
        {
          reason: 'DisruptionBudget',
          message: `The disruption budget ${name} needs 2 healthy pods and has 2 currently`,
        },
      ],
    },
  },
});

/** A JSON merge patch of one object: null takes away, lists are replaced. */
function merged<T extends object>(live: T, patch: unknown): T {
  const entries = Object.entries({ ...live, ...(patch as object | undefined) });
  return Object.fromEntries(entries.filter(([, value]) => value !== null)) as T;
}
