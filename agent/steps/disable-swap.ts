// Swap off now and at the next boot. In a container swap is the machine's: reported, never changed.
import { isSwapLine, readSwapState, type SwapState } from '../host/swap-state.ts';
import { commandsOf } from './command-unit.ts';
import type { StepRunner } from './step-runner.ts';

export const disableSwap: StepRunner<'disable-swap'> = {
  kind: 'disable-swap',
  title: () => 'turn swap off',

  check: async (_args, { host, isContainer }) => {
    const swap = await readSwapState(host);
    const found = describe(swap);
    if (found === null) return { kind: 'satisfied' };
    if (!(await isContainer())) return { kind: 'needed', why: found };
    const note = `${found}; this is a container, so the machine's swap is left as it is`;
    return { kind: 'satisfied', note };
  },

  apply: async (_args, context) => {
    const { host } = context;
    const change = commandsOf(context);
    const swap = await readSwapState(host);
    if (swap.devices.length > 0) await change(['swapoff', '-a']);
    if (swap.fstabLines.length > 0) {
      const fstab = (await host.readFile('/etc/fstab')) ?? '';
      const lines = fstab
        .split('\n')
        .map((line) => (isSwapLine(line) ? `# muster: ${line}` : line));
      const mode = (await host.stat('/etc/fstab'))?.mode ?? 0o644;
      await host.writeFile('/etc/fstab', lines.join('\n'), mode);
    }
    if (swap.units.length > 0) await change(['systemctl', 'mask', ...swap.units]);
    // Units that were made from fstab lines are gone after this.
    await change(['systemctl', 'daemon-reload']);
    return { note: `${describe(swap)}: turned off` };
  },
};

function describe(swap: SwapState): string | null {
  const parts = [
    ...swap.devices.map((device) => `swap is on: ${device}`),
    ...swap.fstabLines.map((line) => `/etc/fstab has "${line}"`),
    ...swap.units.map((unit) => `unit ${unit} turns swap on`),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}
