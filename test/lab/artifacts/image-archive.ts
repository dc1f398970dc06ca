// Writes a container image as an archive in the OCI image layout, which `ctr images import` takes.
// One layer, compressed with zstd at its quickest level: it unpacks about as fast as a copy, and every
// host fetches and stores a third of the bytes.
import { createHash, type Hash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { type TarEntry, tarBytes, withParents } from './tar.ts';

export interface ImageContent {
  /** The whole name that pods and units use, tag included. */
  readonly reference: string;
  readonly arch: string;
  readonly entries: readonly TarEntry[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** Writes the archive to a new file; the layer passes through a draft beside it. */
export async function writeImageArchive(target: string, content: ImageContent): Promise<void> {
  const layerPath = `${target}.layer`;
  try {
    const layer = await writeLayer(layerPath, content.entries);
    const config = JSON.stringify({
      architecture: content.arch,
      os: 'linux',
      config: {
        Env: [path],
        ...(content.entrypoint.length === 0 ? {} : { Entrypoint: content.entrypoint }),
        ...(content.command.length === 0 ? {} : { Cmd: content.command }),
      },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layer.diffId}`] },
    });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', blobOf(config)),
      layers: [descriptor('application/vnd.oci.image.layer.v1.tar+zstd', layer)],
    });
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        {
          ...descriptor('application/vnd.oci.image.manifest.v1+json', blobOf(manifest)),
          platform: { architecture: content.arch, os: 'linux' },
          annotations: {
            'io.containerd.image.name': content.reference,
            'org.opencontainers.image.ref.name': content.reference.split(':').at(-1),
          },
        },
      ],
    });
    const files: readonly TarEntry[] = [
      { kind: 'text', path: 'oci-layout', text: '{"imageLayoutVersion":"1.0.0"}', mode: 0o644 },
      { kind: 'text', path: 'index.json', text: index, mode: 0o644 },
      { kind: 'text', path: blobPath(blobOf(manifest)), text: manifest, mode: 0o644 },
      { kind: 'text', path: blobPath(blobOf(config)), text: config, mode: 0o644 },
      { kind: 'file', path: blobPath(layer), source: layerPath, mode: 0o644 },
    ];
    await pipeline(Readable.from(tarBytes(withParents(files))), createWriteStream(target));
  } finally {
    await rm(layerPath, { force: true });
  }
}

interface Layer extends Blob {
  /** Of the uncompressed layer. */
  readonly diffId: string;
}

async function writeLayer(target: string, entries: readonly TarEntry[]): Promise<Layer> {
  const plain = createHash('sha256');
  const packed = createHash('sha256');
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  const bytes = Readable.from(hashing(plain, tarBytes(withParents(entries))));
  const hashPacked = (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> =>
    hashing(packed, chunks);
  await pipeline(bytes, compress, hashPacked, createWriteStream(target));
  const digest = packed.digest('hex');
  return { digest, size: (await stat(target)).size, diffId: plain.digest('hex') };
}

async function* hashing(hash: Hash, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function blobOf(text: string): Blob {
  const digest = createHash('sha256').update(text).digest('hex');
  return { digest, size: Buffer.byteLength(text) };
}

function blobPath({ digest }: Blob): string {
  return `blobs/sha256/${digest}`;
}

function descriptor(mediaType: string, { digest, size }: Blob) {
  return { mediaType, digest: `sha256:${digest}`, size };
}
