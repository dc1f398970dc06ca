// Facts as hosts send them. Preflight, and configurations of the whole cluster, are computed from them,
// so every text and every name of a field is of the alphabet of its kind, or the whole report is
// refused. Texts that only people read are made harmless instead: any user of a host can name a
// program, and must not be able to keep the host out.
import { z } from 'zod';
import { alphabets, isOf, type TextKind } from '../../../shared/alphabets.ts';
import { AppError } from '../../../shared/errors.ts';
import type { NodeFacts } from '../../../shared/model/facts.ts';
import { displayText, quoted } from '../../../shared/plain-text.ts';
import { factsFromWire } from '../../../shared/rpc/codec.ts';

const text = (kind: TextKind) =>
  z.string().refine((value) => isOf(kind, value), `not ${alphabets[kind].what}`);
const shown = z.string().transform((value) => displayText(value));
const size = z.number().nonnegative();
const known = <T extends z.ZodType>(schema: T) => z.union([z.literal('unknown'), schema]);
const list = <T extends z.ZodType>(schema: T, longest = 100) => z.array(schema).max(longest);
const table = <K extends z.ZodType<string, string>, T extends z.ZodType>(key: K, value: T) =>
  z
    .record(key, value)
    .refine((entries) => Object.keys(entries).length <= 100, 'more than 100 entries');

const prefix = z.int().min(0).max(128);
const addressFact = z.discriminatedUnion('family', [
  z.object({
    interface: text('interfaceName'),
    address: text('ipv4Address'),
    prefix,
    family: z.literal('ipv4'),
  }),
  z.object({
    interface: text('interfaceName'),
    address: text('address'),
    prefix,
    family: z.literal('ipv6'),
  }),
]);
const destination = z
  .string()
  .refine(
    (value) => value === 'default' || isOf('ipv4Range', value) || isOf('ipv4Address', value),
    'not a destination of a route',
  );

const schema = z.object({
  schema: z.literal('muster/facts/v1'),
  collectedAtMs: size,
  hostname: text('hostName'),
  machineId: text('identifier'),
  productUuid: text('identifier'),
  bootId: text('identifier'),
  architecture: text('identifier'),
  os: known(z.object({ id: text('identifier'), version: text('osVersion'), pretty: shown })),
  kernel: known(z.object({ release: text('version'), config: z.enum(['found', 'not-found']) })),
  virtualization: known(z.object({ kind: text('identifier'), container: z.boolean() })),
  modules: known(
    list(
      z.object({
        name: text('kernelModule'),
        state: z.enum(['loaded', 'builtin', 'loadable', 'missing']),
      }),
    ),
  ),
  overlayfs: known(z.boolean()),
  swap: known(
    z.object({ devices: list(shown), fstabLines: list(shown), units: list(text('unitName')) }),
  ),
  memoryBytes: known(size),
  cpus: known(size),
  disks: known(
    list(
      z.object({
        path: text('path'),
        filesystem: text('identifier'),
        totalBytes: size,
        freeBytes: size,
      }),
    ),
  ),
  addresses: known(list(addressFact, 1_000)),
  routes: known(
    list(
      z.object({
        destination,
        gateway: text('ipv4Address').nullable(),
        interface: text('interfaceName'),
        source: text('ipv4Address').nullable(),
      }),
      4_000,
    ),
  ),
  dns: known(z.object({ nameservers: list(text('zonedAddress')), hostnameResolves: z.boolean() })),
  clock: known(z.object({ synchronized: z.boolean(), service: text('identifier').nullable() })),
  cgroup: known(
    z.object({
      version: z.union([z.literal(1), z.literal(2)]),
      controllers: list(text('identifier')),
    }),
  ),
  ports: known(
    list(
      z.object({
        port: z.int().min(0).max(65_535),
        address: text('address'),
        process: shown.nullable(),
      }),
      1_000,
    ),
  ),
  firewall: known(z.object({ active: list(text('identifier')) })),
  selinux: known(z.enum(['enforcing', 'permissive', 'disabled'])),
  apparmor: known(z.boolean()),
  sysctls: known(table(text('sysctlName'), text('sysctlValue'))),
  tools: known(table(text('identifier'), text('path').nullable())),
  uid: z.number(),
  proxyEnvironment: list(text('variableName')),
  runtimes: known(
    list(z.object({ name: text('identifier'), version: text('version'), source: text('path') })),
  ),
  installed: known(table(text('identifier'), text('version'))),
  leftovers: known(list(shown)),
  certificates: known(
    list(z.object({ path: shown, subject: shown, notAfterMs: z.number() }), 1_000),
  ),
  clockSkewMs: z.number().nullable(),
  agentVersion: text('version'),
}) satisfies z.ZodType<NodeFacts>;

/** @throws AppError invalid, naming the field. */
export function parseFacts(bytes: Uint8Array): NodeFacts {
  const parsed = schema.safeParse(factsFromWire(bytes));
  if (parsed.success) return parsed.data;
  const { path, message } = innermost(parsed.error.issues[0]);
  const field = ['facts', ...path].map((part) => (isPlain(part) ? part : quoted(part))).join('.');
  throw new AppError('invalid', `${field}: ${message}`);
}

const isPlain = (part: string): boolean => /^[A-Za-z0-9_]{1,40}$/.test(part);

/** A fault inside a union stands one level down, where it says what is wrong. */
function innermost(issue: z.core.$ZodIssue | undefined): {
  readonly path: readonly string[];
  readonly message: string;
} {
  if (issue === undefined) return { path: [], message: 'not as expected' };
  const path = issue.path.map(String);
  const branches = issue.code === 'invalid_union' ? issue.errors.flat() : [];
  const inner = branches.find((branch) => branch.code !== 'invalid_value');
  if (inner !== undefined) {
    const deeper = innermost(inner);
    return { path: [...path, ...deeper.path], message: deeper.message };
  }
  if (issue.code !== 'invalid_key') return { path, message: issue.message };
  return { path, message: issue.issues[0]?.message ?? issue.message };
}

/**
 * Whether new facts are worth a write: not for the time they were taken at, a few bytes of disk or
 * milliseconds of skew.
 */
export function hasChanged(before: NodeFacts, after: NodeFacts): boolean {
  return JSON.stringify(coarse(before)) !== JSON.stringify(coarse(after));
}

const step = 64 * 1024 * 1024;

const coarse = (facts: NodeFacts): NodeFacts => ({
  ...facts,
  collectedAtMs: 0,
  clockSkewMs: facts.clockSkewMs === null ? null : Math.round(facts.clockSkewMs / 5000),
  disks:
    facts.disks === 'unknown'
      ? 'unknown'
      : facts.disks.map((disk) => ({ ...disk, freeBytes: Math.round(disk.freeBytes / step) })),
});
