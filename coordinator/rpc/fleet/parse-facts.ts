// Facts as hosts send them, checked in shape: preflight and plans of a whole cluster are computed
// from them, so a broken agent must not be able to put something else there.
import { isIP } from 'node:net';
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import type { NodeFacts } from '../../../shared/model/facts.ts';
import { factsFromWire } from '../../../shared/rpc/codec.ts';

const text = z.string().max(4096);
/** Addresses end up in other hosts' configurations: nothing but an address passes. */
const address = text.refine((value) => isIP(value.split('%')[0] ?? '') !== 0, 'not an IP address');
const size = z.number().nonnegative();
const known = <T extends z.ZodType>(schema: T) => z.union([z.literal('unknown'), schema]);
const list = <T extends z.ZodType>(schema: T) => z.array(schema).max(2000);

const schema = z.object({
  schema: z.literal('muster/facts/v1'),
  collectedAtMs: size,
  hostname: z.string().min(1).max(253),
  machineId: text,
  productUuid: text,
  bootId: text,
  architecture: z.string().max(32),
  os: known(z.object({ id: text, version: text, pretty: text })),
  kernel: known(z.object({ release: text, config: z.enum(['found', 'not-found']) })),
  virtualization: known(z.object({ kind: text, container: z.boolean() })),
  modules: known(
    list(z.object({ name: text, state: z.enum(['loaded', 'builtin', 'loadable', 'missing']) })),
  ),
  overlayfs: known(z.boolean()),
  swap: known(z.object({ devices: list(text), fstabLines: list(text), units: list(text) })),
  memoryBytes: known(size),
  cpus: known(size),
  disks: known(list(z.object({ path: text, filesystem: text, totalBytes: size, freeBytes: size }))),
  addresses: known(
    list(
      z.object({
        interface: text,
        address,
        prefix: size,
        family: z.enum(['ipv4', 'ipv6']),
      }),
    ),
  ),
  routes: known(
    list(
      z.object({
        destination: text,
        gateway: text.nullable(),
        interface: text,
        source: address.nullable(),
      }),
    ),
  ),
  dns: known(z.object({ nameservers: list(text), hostnameResolves: z.boolean() })),
  clock: known(z.object({ synchronized: z.boolean(), service: text.nullable() })),
  cgroup: known(
    z.object({ version: z.union([z.literal(1), z.literal(2)]), controllers: list(text) }),
  ),
  ports: known(list(z.object({ port: size, address: text, process: text.nullable() }))),
  firewall: known(z.object({ active: list(text) })),
  selinux: known(z.enum(['enforcing', 'permissive', 'disabled'])),
  apparmor: known(z.boolean()),
  sysctls: known(z.record(text, text)),
  tools: known(z.record(text, text.nullable())),
  uid: z.number(),
  proxyEnvironment: list(text),
  runtimes: known(list(z.object({ name: text, version: text, source: text }))),
  installed: known(z.record(text, text)),
  leftovers: known(list(text)),
  certificates: known(list(z.object({ path: text, subject: text, notAfterMs: z.number() }))),
  clockSkewMs: z.number().nullable(),
  agentVersion: z.string().max(64),
}) satisfies z.ZodType<NodeFacts>;

/** @throws AppError invalid, naming the field. */
export function parseFacts(bytes: Uint8Array): NodeFacts {
  const parsed = schema.safeParse(factsFromWire(bytes));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw new AppError('invalid', `facts.${path}: ${issue?.message ?? 'not as expected'}`);
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
