// Reading from a registry: the OCI distribution protocol with token authentication, anonymous.
// Everything is asked for by digest and checked against it; only the first lookup is by tag.

import { rm } from 'node:fs/promises';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { digestFile } from './artifact-store.ts';
import { download, fetchText, type HttpDependencies, reasonOf } from './download.ts';
import { type ImageReference, registryHost } from './oci-reference.ts';
import type { ReleaseBases } from './release-bases.ts';

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface Manifest {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
const manifestLimit = 4 * 1024 * 1024;

export class Registry {
  readonly #http: HttpDependencies;
  readonly #base: string;
  readonly #repository: string;
  #token: string | null = null;

  constructor(reference: ImageReference, bases: ReleaseBases, http: HttpDependencies) {
    this.#http = http;
    this.#base = bases.apply(
      `https://${registryHost(reference.registry)}/v2/${reference.repository}`,
    );
    this.#repository = reference.repository;
  }

  /** The manifest of one platform. @throws AppError artifact when there is none for `arch`. */
  async manifest(tagOrDigest: string, arch: string): Promise<Manifest> {
    const first = await this.#document(tagOrDigest);
    if (!Array.isArray(first.json['manifests'])) return toManifest(first);
    const entries = first.json['manifests'] as (Descriptor & { platform?: Platform })[];
    const entry = entries.find(
      ({ platform }) => platform?.os === 'linux' && platform.architecture === arch,
    );
    if (entry === undefined) {
      throw new AppError(
        'artifact',
        `${this.#base}: ${tagOrDigest} has no image for linux/${arch}`,
      );
    }
    return toManifest(await this.#document(entry.digest));
  }

  /** A blob into `path`, going on where an earlier try stopped. */
  async blob(descriptor: Descriptor, path: string): Promise<void> {
    const url = `${this.#base}/blobs/${descriptor.digest}`;
    const headers = await this.#authorization();
    await download({ url, path, maxBytes: descriptor.size, headers }, this.#http);
    const { sha256 } = await digestFile(path);
    if (`sha256:${sha256}` === descriptor.digest) return;
    await rm(path, { force: true });
    throw new AppError(
      'artifact',
      `${url}: the content has sha256:${sha256}: nothing was taken; try again, or ask who runs that registry`,
    );
  }

  async #document(tagOrDigest: string): Promise<FetchedDocument> {
    const url = `${this.#base}/manifests/${tagOrDigest}`;
    const response = await this.#get(url);
    const bytes = Buffer.from(await response.arrayBuffer());
    if (bytes.length > manifestLimit)
      throw new AppError('artifact', `${url}: a manifest of ${bytes.length} bytes`);
    const digest = `sha256:${sha256Hex(bytes)}`;
    if (tagOrDigest.startsWith('sha256:') && tagOrDigest !== digest) {
      throw new AppError('artifact', `${url}: the content has ${digest}: nothing was taken`);
    }
    const json = parseJson(bytes, url);
    const declared = json['mediaType'];
    const mediaType =
      typeof declared === 'string' ? declared : (response.headers.get('content-type') ?? '');
    return { url, bytes, json, descriptor: { mediaType, digest, size: bytes.length } };
  }

  async #get(url: string): Promise<Response> {
    const accept = manifestTypes.join(', ');
    for (let attempt = 1; ; attempt += 1) {
      const headers = {
        accept,
        ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
      };
      let response: Response;
      try {
        response = await this.#http.fetch(url, { headers, signal: this.#http.signal });
      } catch (thrown) {
        if (this.#http.signal.aborted) throw thrown;
        if (attempt < 4) {
          await this.#http.clock.sleep(500 * attempt, this.#http.signal);
          continue;
        }
        throw new AppError('artifact', `${url}: ${reasonOf(thrown)}`, {
          retryable: true,
          cause: thrown,
        });
      }
      if (response.ok) return response;
      await response.body?.cancel();
      const challenge = response.headers.get('www-authenticate');
      if (response.status === 401 && challenge !== null && this.#token === null) {
        this.#token = await this.#fetchToken(challenge);
        continue;
      }
      const isPassing = response.status >= 500 || response.status === 429;
      if (isPassing && attempt < 4) {
        await this.#http.clock.sleep(500 * attempt, this.#http.signal);
        continue;
      }
      throw new AppError(
        'artifact',
        `${url}: answered ${response.status} ${response.statusText}`.trim(),
      );
    }
  }

  async #authorization(): Promise<Record<string, string>> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` };
  }

  async #fetchToken(challenge: string): Promise<string> {
    const fields = new Map(
      [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]]),
    );
    const realm = fields.get('realm');
    if (!/^bearer /i.test(challenge) || realm === undefined) {
      throw new AppError(
        'artifact',
        `${this.#base} asks for a login that is not anonymous: use a mirror without one, or source: directory`,
      );
    }
    const url = new URL(realm);
    const service = fields.get('service');
    if (service !== undefined) url.searchParams.set('service', service);
    url.searchParams.set('scope', fields.get('scope') ?? `repository:${this.#repository}:pull`);
    const answer = parseJson(Buffer.from(await fetchText(url.href, this.#http)), url.href);
    const token = answer['token'] ?? answer['access_token'];
    if (typeof token === 'string') return token;
    throw new AppError('artifact', `${realm} answered without a token`);
  }
}

interface Platform {
  readonly os: string;
  readonly architecture: string;
}

interface FetchedDocument {
  readonly url: string;
  readonly bytes: Buffer;
  readonly json: Record<string, unknown>;
  readonly descriptor: Descriptor;
}

function toManifest({ url, bytes, json, descriptor }: FetchedDocument): Manifest {
  const { config, layers } = json as { config?: Descriptor; layers?: readonly Descriptor[] };
  const isWhole =
    config !== undefined && Array.isArray(layers) && [config, ...layers].every(isDescriptor);
  if (!isWhole) throw new AppError('artifact', `${url} is not an image manifest`);
  return { descriptor, bytes, config, layers };
}

const isDescriptor = (value: Descriptor): boolean =>
  /^sha256:[0-9a-f]{64}$/.test(value.digest) && Number.isSafeInteger(value.size) && value.size >= 0;

function parseJson(bytes: Buffer, url: string): Record<string, unknown> {
  try {
    return JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new AppError('artifact', `${url} did not answer JSON`, { cause });
  }
}
