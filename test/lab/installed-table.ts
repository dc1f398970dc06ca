// What `npm start` shows at the end: the nodes as Kubernetes itself sees them, and the smoke test.
import type { Fleet } from './fleet.ts';

export async function installedTable(fleet: Fleet): Promise<string> {
  const nodes = await fleet.kubectl(['get', 'nodes', '-o', 'wide']);
  return `${nodes.stdout.trimEnd()}\n\nsmoke test\n${await smokeTestLines(fleet)}`;
}

async function smokeTestLines(fleet: Fleet): Promise<string> {
  const plan = (await fleet.plans()).find((entry) => entry.goal === 'run the smoke test');
  const lines = plan?.steps.find((step) => step.stepId === 'smoke')?.outputs['lines'];
  return (lines ?? 'not run: it needs two nodes').replaceAll(/^/gm, '  ');
}
