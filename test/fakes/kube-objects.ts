// Objects of a Kubernetes API in memory, by path: server-side apply that keeps what it is given, and
// answers of the test's own. Requests are written down as lines. Behind both fakes of the API.

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: object | string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly answer: (request: FakeRequest) => FakeAnswer | null | Promise<FakeAnswer | null>;
}

type KubeObject = Record<string, unknown> & { metadata?: Record<string, unknown> };

export class KubeObjects {
  readonly lines: string[] = [];
  readonly objects = new Map<string, KubeObject>();
  readonly authorizations: string[] = [];
  private readonly rules: Rule[] = [];
  private revision = 0;

  /** The newest matching rule that answers counts; `pattern` is matched with `METHOD /path`. */
  on(pattern: RegExp, answer: FakeAnswer | Rule['answer']): this {
    this.rules.unshift({ pattern, answer: typeof answer === 'function' ? answer : () => answer });
    return this;
  }

  async answer(request: FakeRequest): Promise<FakeAnswer> {
    const line = `${request.method} ${request.path}`;
    this.lines.push(request.query.has('dryRun') ? `${line} (trial)` : line);
    for (const { pattern, answer } of this.rules) {
      if (!pattern.test(line)) continue;
      const given = await answer(request);
      if (given !== null) return given;
    }
    return this.byDefault(request);
  }

  private byDefault(request: FakeRequest): FakeAnswer {
    const { method, path, query } = request;
    const live = this.objects.get(path);
    // Every apply of ours is forced, and no merge can be.
    if (method === 'PATCH' && !query.has('force')) return this.merged(request);
    if (method === 'PATCH') return this.applied(request, query.has('dryRun'));
    if (method === 'POST') {
      const object = request.body as KubeObject;
      const own = `${path}/${String(object.metadata?.['name'])}`;
      if (this.objects.has(own)) return { status: 409, body: { message: 'already exists' } };
      this.objects.set(own, object);
      return { status: 201, body: object };
    }
    if (live === undefined) return { status: 404, body: { message: `${path} not found` } };
    if (method === 'PUT') this.objects.set(path, request.body as KubeObject);
    if (method === 'DELETE') this.objects.delete(path);
    return { status: 200, body: this.objects.get(path) ?? { status: 'Success' } };
  }

  private merged({ path, body }: FakeRequest): FakeAnswer {
    const live = this.objects.get(path);
    if (live === undefined) return { status: 404, body: { message: `${path} not found` } };
    this.objects.set(path, mergedInto(live, body as KubeObject) as KubeObject);
    return { status: 200, body: this.objects.get(path) ?? {} };
  }

  private applied({ path, body }: FakeRequest, isTrial: boolean): FakeAnswer {
    const live = this.objects.get(path);
    const given = body as KubeObject;
    this.revision += 1;
    // What changes by itself differs in every answer, as it does on a real server.
    const metadata = {
      ...given.metadata,
      uid: live?.metadata?.['uid'] ?? `uid-${this.revision}`,
      resourceVersion: String(this.revision),
      managedFields: [{ manager: 'muster', time: this.revision }],
    };
    const object = { ...given, metadata, status: { seen: this.revision } };
    if (!isTrial) this.objects.set(path, object);
    return { status: live === undefined ? 201 : 200, body: object };
  }
}

function mergedInto(live: unknown, patch: object): object {
  const before = typeof live === 'object' && live !== null ? live : {};
  const entries = Object.entries(patch).map(([name, value]: [string, unknown]) => {
    const inner = (before as Readonly<Record<string, unknown>>)[name];
    const isDeep = typeof value === 'object' && value !== null && !Array.isArray(value);
    return [name, isDeep ? mergedInto(inner, value) : value] as const;
  });
  return { ...before, ...Object.fromEntries(entries) };
}
