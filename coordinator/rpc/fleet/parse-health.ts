// Health as agents send it, checked in shape and size before anybody looks at it. A member is not
// trusted: its texts reach operators' terminals, so they come out as plain single lines.
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import {
  certificateServers,
  type HealthReport,
  watchedUnits,
} from '../../../shared/model/health.ts';
import { plainLine } from '../../../shared/plain-text.ts';
import { objectFrom } from '../../../shared/rpc/codec.ts';

/** A master says about 5 KiB. */
export const HEALTH_LIMIT_BYTES = 64 * 1024;

const line = (longest: number) =>
  z
    .string()
    .max(longest)
    .transform((text) => plainLine(text).trim());
const word = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);
const decimal = z.string().regex(/^\d{1,20}$/);
const path = line(300);
const message = line(500);
const version = z.string().regex(/^[0-9A-Za-z.+-]{1,32}$/);
/** Milliseconds since 1970 that a Date can hold. */
const time = z.number().int().min(0).max(8_640_000_000_000_000);
const bytes = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);
const known = <T extends z.ZodType>(schema: T) => z.union([z.literal('unknown'), schema]);

const answer = z.object({ ok: z.boolean(), message, sinceMs: time });

const unit = z.object({
  name: z.enum(watchedUnits),
  load: word,
  active: word,
  sub: word,
  result: word,
  recentRestarts: z.number().int().min(0).max(1_000_000),
  sinceMs: time.nullable(),
});

const node = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('seen'),
    name: line(253),
    ready: z.enum(['True', 'False', 'Unknown']),
    reason: line(100),
    message,
    sinceMs: time,
    pressures: z.array(z.object({ type: line(100), sinceMs: time })).max(20),
  }),
  z.object({ kind: z.literal('missing'), name: line(253), sinceMs: time }),
  z.object({ kind: z.literal('unreachable'), message, sinceMs: time }),
]);

const etcd = z.object({
  read: answer,
  status: known(
    z.object({
      memberId: decimal,
      leaderId: decimal.nullable(),
      learner: z.boolean(),
      databaseBytes: bytes,
      quotaBytes: bytes,
      inUseBytes: bytes.exactOptional(),
      raftIndex: bytes.exactOptional(),
      raftTerm: bytes.exactOptional(),
      version: version.exactOptional(),
      alarms: z.array(z.object({ name: word, sinceMs: time })).max(10),
    }),
  ),
  members: known(
    z
      .array(
        z.object({
          id: decimal,
          name: line(253),
          peerUrls: z.array(line(300)).max(10),
          learner: z.boolean(),
        }),
      )
      .max(20),
  ),
});

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const certificate = z.object({
  path,
  subject: path,
  notAfterMs: time,
  notBeforeMs: time.optional(),
  sha256: sha256.optional(),
});

const served = z.object({
  by: z.enum(certificateServers),
  subject: path,
  notBeforeMs: time,
  notAfterMs: time,
  sha256,
});

const schema = z.object({
  schema: z.literal('muster/health/v1'),
  bootId: known(line(64)),
  units: known(z.array(unit).max(watchedUnits.length)),
  kubelet: answer.nullable(),
  node: node.nullable(),
  apiServer: answer.nullable(),
  etcd: etcd.nullable(),
  certificates: known(z.array(certificate).max(200)),
  served: known(z.array(served).max(certificateServers.length)).optional(),
  disks: known(z.array(z.object({ path, totalBytes: bytes, freeBytes: bytes })).max(20)),
  memory: known(z.object({ totalBytes: bytes, availableBytes: bytes })),
  clock: known(z.object({ synchronized: z.boolean(), service: line(64).nullable() })),
}) satisfies z.ZodType<HealthReport>;

/** @throws AppError invalid, naming the field. */
export function parseHealth(json: Uint8Array): HealthReport {
  const parsed = schema.safeParse(objectFrom(json, 'health', HEALTH_LIMIT_BYTES));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new AppError('invalid', `health.${field}: ${issue?.message ?? 'not as expected'}`);
}
