// A Kubernetes API in memory behind real TLS.
import type { IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { parse } from 'yaml';
import { type KubeCa, kubeconfigText, makeKubeCa, type Pair } from '../support/kube-pki.ts';
import { type FakeAnswer, KubeObjects } from './kube-objects.ts';

export class KubeApiServer extends KubeObjects implements AsyncDisposable {
  /** Common names of the client certificates seen; empty for strangers. */
  readonly users: string[] = [];
  readonly ca: KubeCa;
  readonly admin: Pair;
  connections = 0;
  private readonly server: Server;

  private constructor(ca: KubeCa, serving: Pair, admin: Pair) {
    super();
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
    // Not this.url: a request may be read to its end after the server was closed.
    const url = new URL(incoming.url ?? '/', 'https://127.0.0.1');
    const text = Buffer.concat(pieces).toString('utf8');
    const method = incoming.method ?? 'GET';
    const request = {
      method,
      path: url.pathname,
      query: url.searchParams,
      body: text === '' ? null : (parse(text) as unknown),
    };
    const peer = (incoming.socket as TLSSocket).getPeerCertificate();
    this.users.push(String(peer?.subject?.CN ?? ''));
    this.authorizations.push(incoming.headers.authorization ?? '');
    return await this.answer(request);
  }
}
