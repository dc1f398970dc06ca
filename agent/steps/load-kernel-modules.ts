// Kernel modules loaded now and at every boot. What is built in, or shows that it works, needs nothing.
// In a container modules are the machine's: what is missing is reported.
import { type ModuleState, readModuleStates } from '../host/kernel-modules.ts';
import { commandsOf } from './command-unit.ts';
import type { StepRunner } from './step-runner.ts';

export const loadKernelModules: StepRunner<'load-kernel-modules'> = {
  kind: 'load-kernel-modules',
  title: ({ modules }) => `load kernel modules ${modules.join(', ')}`,

  check: async ({ modules, path }, { host, isContainer }) => {
    const absent = absentOf(await readModuleStates(host, modules));
    if ((await host.readFile(path)) !== contentOf(modules)) {
      return { kind: 'needed', why: `${path} does not list them` };
    }
    if (absent.length === 0) return { kind: 'satisfied' };
    const why = `not loaded: ${absent.join(', ')}`;
    if (!(await isContainer())) return { kind: 'needed', why };
    return {
      kind: 'satisfied',
      note: `${why}; this is a container, so the machine has to load them`,
    };
  },

  apply: async ({ modules, path }, context) => {
    const { host } = context;
    await host.writeFile(path, contentOf(modules), 0o644);
    const absent = absentOf(await readModuleStates(host, modules));
    if (absent.length === 0) return {};
    if (await context.isContainer())
      return { note: `not loaded, because this is a container: ${absent.join(', ')}` };
    await commandsOf(context)(['modprobe', '-a', ...absent]);
    return { note: `loaded ${absent.join(', ')}` };
  },
};

function absentOf(states: ReadonlyMap<string, ModuleState>): readonly string[] {
  return [...states]
    .filter(([, state]) => state !== 'loaded' && state !== 'builtin')
    .map(([name]) => name);
}

const contentOf = (modules: readonly string[]): string =>
  `# Written by muster.\n${modules.map((name) => `${name}\n`).join('')}`;
