// Writes a container image as an archive in the OCI image layout, which `ctr images import` takes.
// One uncompressed layer: on the machine where it was built nothing is gained by compressing it,
// and unpacking it is what an install waits for.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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
      rootfs: { type: 'layers', diff_ids: [`sha256:${layer.digest}`] },
    });
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', blobOf(config)),
      layers: [descriptor('application/vnd.oci.image.layer.v1.tar', layer)],
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

async function writeLayer(target: string, entries: readonly TarEntry[]): Promise<Blob> {
  const hash = createHash('sha256');
  const hashing = async function* (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const bytes = hashing(tarBytes(withParents(entries)));
  await pipeline(Readable.from(bytes), createWriteStream(target));
  return { digest: hash.digest('hex'), size: (await stat(target)).size };
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
