// `npm run bench -- install`: measures on real hosts, prints a table and writes JSON. `npm run bench --
// turn`: what a fleet at rest costs its coordinator. `npm run bench -- hostile`: what strangers and
// forgers can do. `-- upgrade`: changes of a living cluster, with its clients. Figures are shown, never asserted: a slow machine is not a bug.
import { measureHostile } from './hostile.ts';
import { measureInstall } from './install.ts';
import { measureTurn } from './turn.ts';
import { measureUpgrade } from './upgrade.ts';

const [name, ...rest] = process.argv.slice(2);
const benches: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  hostile: measureHostile,
  install: measureInstall,
  turn: measureTurn,
  upgrade: measureUpgrade,
};
const bench = Object.hasOwn(benches, name ?? '') ? benches[name ?? ''] : undefined;
if (bench === undefined) {
  console.error(
    `usage: npm run bench -- ${Object.keys(benches).join('|')} [--reference SECONDS] [--json FILE] [--seconds N]`,
  );
  process.exitCode = 2;
} else {
  await bench(rest);
}
