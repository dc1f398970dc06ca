// A Kubernetes API in memory behind real TLS: objects by path, server-side apply that keeps what it is
// given, and answers of the test's own. Requests are written down as lines.
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { parse } from 'yaml';
import { type KubeCa, kubeconfigText, makeKubeCa, type Pair } from '../support/kube-pki.ts';

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

export class KubeApiServer implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly objects = new Map<string, KubeObject>();
  /** Common names of the client certificates seen; empty for strangers. */
  readonly users: string[] = [];
  readonly authorizations: string[] = [];
  readonly ca: KubeCa;
  readonly admin: Pair;
  connections = 0;
  private readonly server: Server;
  private readonly rules: Rule[] = [];
  private revision = 0;

  private constructor(ca: KubeCa, serving: Pair, admin: Pair) {
    this.ca = ca;
    this.admin = admin;
    this.server = createServer(
      {
        ca: ca.certificate,
        cert: serving.certificate,
        key: serving.key,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        void this.answerTo(request).then(({ status, body }) => {
          response.writeHead(status, { 'content-type': 'application/json' });
          response.end(typeof body === 'string' ? body : JSON.stringify(body));
        });
      },
    );
    this.server.on('secureConnection', () => {
      this.connections += 1;
    });
  }

  static async start(): Promise<KubeApiServer> {
    const ca = await makeKubeCa();
    const serving = await ca.issue('CN=kube-apiserver', { names: ['127.0.0.1'] });
    const admin = await ca.issue('CN=kubernetes-admin,O=system:masters');
    const fake = new KubeApiServer(ca, serving, admin);
    await new Promise<void>((resolve) => {
      fake.server.listen(0, '127.0.0.1', resolve);
    });
    return fake;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get adminConfig(): string {
    return kubeconfigText(this.url, this.ca.certificate, this.admin);
  }

  /** The newest matching rule that answers counts; `pattern` is matched with `METHOD /path`. */
  on(pattern: RegExp, answer: FakeAnswer | Rule['answer']): this {
    this.rules.unshift({ pattern, answer: typeof answer === 'function' ? answer : () => answer });
    return this;
  }

  /** Breaks what is connected, as a restart does. */
  dropConnections(): void {
    this.server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => {
      this.server.close(resolve);
    });
  }

  private async answerTo(incoming: IncomingMessage): Promise<FakeAnswer> {
    const pieces: Buffer[] = [];
    for await (const piece of incoming) pieces.push(piece as Buffer);
    const url = new URL(incoming.url ?? '/', this.url);
    const text = Buffer.concat(pieces).toString('utf8');
    const method = incoming.method ?? 'GET';
    const request = {
      method,
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? null : (parse(text) as unknown),
    };
    const line = `${method} ${url.pathname}`;
    this.lines.push(url.searchParams.has('dryRun') ? `${line} (trial)` : line);
    const peer = (incoming.socket as TLSSocket).getPeerCertificate();
    this.users.push(String(peer?.subject?.CN ?? ''));
    this.authorizations.push(incoming.headers.authorization ?? '');
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
