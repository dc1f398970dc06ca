// Whole stories of fleets, told through what decide() answers after everything that happens.
import { matchesGolden } from './golden.ts';
import { storiesOfDrains } from './stories-of-drains.ts';
import { storiesOfEtcd } from './stories-of-etcd.ts';
import { storiesOfInstalls } from './stories-of-installs.ts';
import { storiesOfLabels } from './stories-of-labels.ts';
import { storiesOfTrouble } from './stories-of-trouble.ts';

const stories = Object.entries({
  ...storiesOfInstalls,
  ...storiesOfTrouble,
  ...storiesOfDrains,
  ...storiesOfEtcd,
  ...storiesOfLabels,
});

matchesGolden('stories', new Map(stories.map(([name, tell]) => [name, () => tell().text()])));
