// Every file, unit, setting and manifest that installs put on hosts or into the cluster, as text.
import { matchesGolden } from './golden.ts';
import { installEverything, type ToldInstall } from './installs.ts';

const { installs, texts } = installEverything();

/** Which host gets what: the path, and whose text it is where another host had it first. */
const indexOf = ({ fleet, hosts }: ToldInstall): string =>
  [
    `${fleet.name}: ${fleet.title}`,
    ...hosts.flatMap(({ name, files }) => [
      '',
      name,
      ...[...files].map(([path, place]) =>
        place === `${fleet.name}/${name}` ? `  ${path}` : `  ${path} as ${place}`,
      ),
    ]),
    '',
  ].join('\n');

const told = new Map<string, () => string>();
for (const [name, text] of texts) told.set(name, () => text);
for (const install of installs) {
  told.set(`${install.fleet.name}/index.txt`, () => indexOf(install));
}

matchesGolden('rendered', told);
