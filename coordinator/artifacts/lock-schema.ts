// One artifact as a lock or an index of files names it. References and versions end up in units and
// configurations of hosts, so each field is of the alphabet of its kind.
import { z } from 'zod';
import { alphabets, isOf, type TextKind } from '../../shared/alphabets.ts';

const text = (kind: TextKind) =>
  z.string().refine((value) => isOf(kind, value), alphabets[kind].what);

const longestUrl = 4_096;

export const artifactFields = {
  name: text('identifier'),
  version: text('version'),
  kind: z.enum(['binary', 'archive', 'image']),
  sha256: text('sha256'),
  size: z.int().min(0),
  reference: text('imageReference').nullable(),
} as const;

export const lockedArtifactSchema = z.strictObject({
  ...artifactFields,
  arch: z.enum(['amd64', 'arm64']),
  url: z
    .string()
    .max(longestUrl)
    .regex(/^(https?|oci|file):\/\/[!-~]*$/, 'an address: https:, oci: or file:'),
});
