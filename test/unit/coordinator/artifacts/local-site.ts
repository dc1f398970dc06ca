// A small web site on the loopback for tests of fetching: paths with content, faults on demand, and a
// list of what was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256Hex } from '../../../../shared/canonical.ts';

export interface LocalSite {
  readonly base: string;
  /** `METHOD path` and the range asked for, in order. */
  readonly asked: string[];
  put(path: string, content: string | Buffer): void;
  /** The next answers for this path, each used once. */
  once(path: string, ...answers: Answer[]): void;
  close(): Promise<void>;
}

export type Answer = (content: Buffer, request: IncomingMessage, response: ServerResponse) => void;

export async function startLocalSite(): Promise<LocalSite> {
  const files = new Map<string, Buffer>();
  const queued = new Map<string, Answer[]>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const { range } = request.headers;
    asked.push(`${request.method} ${path}${range === undefined ? '' : ` ${range}`}`);
    const content = files.get(path);
    const answer = queued.get(path)?.shift() ?? (content === undefined ? missing : whole);
    answer(content ?? Buffer.alloc(0), request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    put: (path, content) => void files.set(path, Buffer.from(content)),
    once: (path, ...answers) => void queued.set(path, [...(queued.get(path) ?? []), ...answers]),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** As a good server: whole, or from the offset asked for. */
export const whole: Answer = (content, request, response) => {
  const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (offset === 0) {
    response.writeHead(200, { 'content-length': content.length }).end(content);
  } else if (offset >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  } else {
    const range = `bytes ${offset}-${content.length - 1}/${content.length}`;
    const rest = content.subarray(offset);
    response.writeHead(206, { 'content-range': range, 'content-length': rest.length }).end(rest);
  }
};

const missing: Answer = (_content, _request, response) => void response.writeHead(404).end();

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_content, _request, response) =>
    void response.writeHead(code, headers).end();

/** Promises everything, sends `bytes` and hangs up. */
export const cutAfter =
  (bytes: number): Answer =>
  (content, _request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
  };

/** The same, but hangs up only once `isWritten` says that what was sent has arrived. */
export const cutWhen =
  (bytes: number, isWritten: () => boolean): Answer =>
  (content, _request, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, bytes));
    const timer = setInterval(() => {
      if (!isWritten()) return;
      clearInterval(timer);
      response.destroy();
    }, 2);
  };

/** Ignores the range, as simple servers do. */
export const alwaysWhole: Answer = (content, _request, response) =>
  void response.writeHead(200, { 'content-length': content.length }).end(content);

export interface LocalImage {
  readonly index: string;
  readonly manifest: string;
}

/** Puts an image for amd64 and arm64 under `/v2/<repository>`; answers the digests. */
export function putImage(site: LocalSite, repository: string, tag: string): LocalImage {
  const put = (kind: 'manifests' | 'blobs', content: Buffer): { digest: string; size: number } => {
    const digest = `sha256:${sha256Hex(content)}`;
    site.put(`/v2/${repository}/${kind}/${digest}`, content);
    return { digest, size: content.length };
  };
  const oci = 'application/vnd.oci.image';
  const layer = {
    mediaType: `${oci}.layer.v1.tar+gzip`,
    ...put('blobs', Buffer.from(`layer of ${repository}:${tag}`)),
  };
  const manifests = ['amd64', 'arm64'].map((architecture) => {
    const config = {
      mediaType: `${oci}.config.v1+json`,
      ...put(
        'blobs',
        Buffer.from(JSON.stringify({ architecture, os: 'linux', of: `${repository}:${tag}` })),
      ),
    };
    // One layer twice, as images have it.
    const manifest = {
      schemaVersion: 2,
      mediaType: `${oci}.manifest.v1+json`,
      config,
      layers: [layer, layer],
    };
    const platform = { architecture, os: 'linux' };
    return {
      mediaType: `${oci}.manifest.v1+json`,
      ...put('manifests', Buffer.from(JSON.stringify(manifest))),
      platform,
    };
  });
  const index = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: `${oci}.index.v1+json`, manifests }),
  );
  const { digest } = put('manifests', index);
  site.put(`/v2/${repository}/manifests/${tag}`, index);
  return { index: digest, manifest: manifests[0]?.digest ?? '' };
}
