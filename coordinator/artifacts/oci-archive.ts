// An image as one file: an OCI layout in a tar archive, which `ctr images import` takes. The same
// manifest gives the same bytes, so the archive can be locked by digest.
import { open, readFile, rm } from 'node:fs/promises';
import type { ArtifactStore } from './artifact-store.ts';
import type { Descriptor, Manifest, Registry } from './oci-registry.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.ts';

export interface ImageArchive {
  /** The name the image gets on the hosts. */
  readonly reference: string;
  readonly arch: string;
  readonly manifest: Manifest;
}

/** Fetches the blobs and writes the archive into the store's partial folder; answers its path. */
export async function writeImageArchive(
  image: ImageArchive,
  registry: Registry,
  store: ArtifactStore,
): Promise<string> {
  const { manifest } = image;
  const blobs = uniqueBlobs([manifest.config, ...manifest.layers]);
  const fetched = await Promise.all(
    blobs.map(async (blob) => {
      const path = await store.partialPath(`blob-${blob.digest}`);
      await registry.blob(blob, path);
      return { digest: blob.digest, path };
    }),
  );
  const path = await store.partialPath(`image-${manifest.descriptor.digest}.tar`);
  await writeLayout(path, image, fetched);
  for (const blob of fetched) await rm(blob.path, { force: true });
  return path;
}

async function writeLayout(
  path: string,
  image: ImageArchive,
  blobs: readonly { readonly digest: string; readonly path: string }[],
): Promise<void> {
  const file = await open(path, 'w', 0o600);
  const add = async (name: string, content: Buffer): Promise<void> => {
    await file.writeFile(tarHeader(name, content.length));
    await file.writeFile(content);
    await file.writeFile(tarPadding(content.length));
  };
  try {
    await add('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    await add('index.json', Buffer.from(indexOf(image)));
    await add(blobName(image.manifest.descriptor.digest), image.manifest.bytes);
    for (const blob of blobs.toSorted((a, b) => (a.digest < b.digest ? -1 : 1))) {
      await add(blobName(blob.digest), await readFile(blob.path));
    }
    await file.writeFile(tarEnd());
  } finally {
    await file.close();
  }
}

function indexOf({ reference, arch, manifest }: ImageArchive): string {
  const { mediaType, digest, size } = manifest.descriptor;
  const annotations = {
    'io.containerd.image.name': reference,
    'org.opencontainers.image.ref.name': reference.slice(reference.lastIndexOf(':') + 1),
  };
  const platform = { architecture: arch, os: 'linux' };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [{ mediaType, digest, size, platform, annotations }],
  });
}

const blobName = (digest: string): string => `blobs/sha256/${digest.slice('sha256:'.length)}`;

function uniqueBlobs(descriptors: readonly Descriptor[]): Descriptor[] {
  return [...new Map(descriptors.map((entry) => [entry.digest, entry])).values()];
}
