// Kernel settings, now and at every boot. In a container only those of its own network namespace are
// set; the others are the machine's and are reported.
import type { Host } from '../host/host.ts';
import { commandsOf } from './command-unit.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, waits, waitUntil } from './wait-until.ts';

type Values = Readonly<Record<string, string>>;

export const setSysctls: StepRunner<'set-sysctls'> = {
  kind: 'set-sysctls',
  title: ({ values }) => `set ${Object.keys(values).length} kernel settings`,

  check: async ({ values, path }, context) => {
    if ((await context.host.readFile(path)) !== contentOf(values)) {
      return { kind: 'needed', why: `${path} has other settings` };
    }
    const { ours, machines } = await differing(context, values);
    const note = noteOf(machines);
    if (ours.length === 0)
      return note === null ? { kind: 'satisfied' } : { kind: 'satisfied', note };
    return { kind: 'needed', why: ours.map(({ sentence }) => sentence).join('; ') };
  },

  apply: async ({ values, path }, context) => {
    await context.host.writeFile(path, contentOf(values), 0o644);
    await untilThere(context, values);
    const { ours, machines } = await differing(context, values);
    if (ours.length > 0) {
      const settings = ours.map(({ name }) => `${name}=${values[name]}`);
      await commandsOf(context)(['sysctl', '-q', '-w', ...settings]);
    }
    const note = noteOf(machines);
    return note === null ? {} : { note };
  },
};

/** Some settings come with a kernel module that another step of the same stage is loading. */
async function untilThere(context: StepContext, values: Values): Promise<void> {
  const forMs = Math.min(MODULE_WAIT_MS, context.timeoutMs / 2);
  if (await context.isContainer()) return;
  await waitUntil(context, {
    everyMs: 100,
    forMs,
    probe: async () => {
      for (const name of Object.keys(values)) {
        if ((await readSysctl(context.host, name)) !== null) continue;
        return waits(`the kernel has no setting ${name}: the module it belongs to is not loaded`);
      }
      return done(null);
    },
  });
}

/** As long as loading a module may take, which on a slow and busy host is not a moment. */
const MODULE_WAIT_MS = 60_000;

interface Difference {
  readonly name: string;
  readonly sentence: string;
}

async function differing(
  context: StepContext,
  values: Values,
): Promise<{ readonly ours: readonly Difference[]; readonly machines: readonly Difference[] }> {
  const found: Difference[] = [];
  for (const [name, wanted] of Object.entries(values)) {
    const value = await readSysctl(context.host, name);
    if (value === normal(wanted)) continue;
    found.push({ name, sentence: `${name} is ${value ?? 'not there'}, not ${wanted}` });
  }
  if (found.length === 0 || !(await context.isContainer())) return { ours: found, machines: [] };
  return {
    ours: found.filter(({ name }) => isNamespaced(name)),
    machines: found.filter(({ name }) => !isNamespaced(name)),
  };
}

/** Null when the kernel has no such setting. */
async function readSysctl(host: Host, name: string): Promise<string | null> {
  const text = await host.readFile(`/proc/sys/${name.replaceAll('.', '/')}`);
  return text === null ? null : normal(text);
}

const normal = (value: string): string => value.trim().replaceAll(/\s+/g, ' ');

const isNamespaced = (name: string): boolean =>
  /^net\.(ipv4|ipv6|bridge|netfilter|unix)\./.test(name);

const noteOf = (machines: readonly Difference[]): string | null =>
  machines.length === 0
    ? null
    : `${machines.map(({ sentence }) => sentence).join('; ')}; this is a container, so the machine's settings are left as they are`;

const contentOf = (values: Values): string =>
  `# Written by muster.\n${Object.entries(values)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')}`;
