// `npm run test:mutations [-- NAME…]`: takes each protection out of a copy of the code in turn and
// shows the test that fails then. Ends with 1 when a protection can be taken out unseen.
import { failingTests } from './failing-tests.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';
import { createScratchTree } from './scratch-tree.ts';

const names = process.argv.slice(2);
const unknown = names.filter((name) => !mutations.some((mutation) => mutation.name === name));
if (unknown.length > 0) {
  console.error(
    `no mutation ${unknown.join(', ')}; there are: ${mutations.map(({ name }) => name).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  const chosen =
    names.length === 0 ? mutations : mutations.filter((one) => names.includes(one.name));
  await runAll(chosen);
}

async function runAll(chosen: readonly Mutation[]): Promise<void> {
  await using tree = await createScratchTree();
  const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
  const red = await failingTests(tree.folder, files);
  if (red.length > 0) {
    console.error(`without any mutation these fail already: ${red.join('; ')}`);
    process.exitCode = 1;
    return;
  }
  const unseen: string[] = [];
  for (const mutation of chosen) {
    await using _applied = await tree.apply(mutation);
    const [first, ...more] = await failingTests(tree.folder, mutation.tests);
    console.log(`${mutation.name}: ${mutation.without}`);
    console.log(
      first === undefined
        ? '    NOT SEEN by any test'
        : `    caught by "${first}"${more.length > 0 ? ` and ${more.length} more` : ''}`,
    );
    if (first === undefined) unseen.push(mutation.name);
  }
  console.log(`\n${chosen.length - unseen.length} of ${chosen.length} caught`);
  if (unseen.length > 0) process.exitCode = 1;
}
