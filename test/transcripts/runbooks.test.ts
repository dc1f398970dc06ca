// Every plan of an install, by the role of its host: the first master, a further one, a worker; and
// what is another step with one master, another proxy mode or other settings. And the plans that change
// a cluster that lives.
import { changesOf } from './changes.ts';
import { matchesGolden } from './golden.ts';
import { installEverything, type ToldHost, type ToldInstall } from './installs.ts';
import { differencesOf } from './plan-differences.ts';
import { linesOf } from './plan-lines.ts';

const [whole, ...others] = installEverything().installs as [ToldInstall, ...ToldInstall[]];

function host(name: string): ToldHost {
  const found = whole.hosts.find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`${whole.fleet.name} has no host ${name}`);
  return found;
}

const text = (parts: readonly (readonly string[])[]): string =>
  `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;

const wholeOf = (title: string, name: string): readonly (readonly string[])[] => [
  [`${title}: ${name} of ${whole.fleet.title}`],
  ...host(name).plans.map(linesOf),
];

const differing = (name: string, than: string): readonly string[] => [
  `${name}, where it differs from ${than}`,
  ...differencesOf(host(than).plans, host(name).plans),
];

const differencesFrom = ({ fleet, hosts }: ToldInstall): readonly (readonly string[])[] => [
  [`${fleet.title}; where it differs from ${whole.fleet.title}`],
  ...hosts.map(({ name, plans }) => [name, ...differencesOf(host(name).plans, plans)]),
];

const told = new Map([
  ['first-master.txt', () => text(wholeOf('The first master', 'm1'))],
  ['further-master.txt', () => text([...wholeOf('A further master', 'm2'), differing('m3', 'm2')])],
  ['worker.txt', () => text([...wholeOf('A worker', 'w1'), differing('w2', 'w1')])],
  ['changes.txt', () => text(changesOf(whole.fleet).map(linesOf))],
  ...others.map((install): [string, () => string] => [
    `${install.fleet.name}.txt`,
    () => text(differencesFrom(install)),
  ]),
]);

matchesGolden('runbooks', told);
