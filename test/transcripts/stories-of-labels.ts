// The story of a pool whose labels and taints are changed while its nodes work.
import { applyToWorkers } from './adapter.ts';
import { threeMasters, twoWorkers } from './fleets.ts';
import { Story } from './story.ts';

/** To a host that is away too; once, and taken away again. */
function labelsChanged(): Story {
  const story = new Story('Labels and taints of a pool are changed', threeMasters);
  story.begins('three masters and two workers are installed; w2 is away', () => {
    for (const worker of twoWorkers) story.world.add(worker);
    story.world.runAll();
    story.world.setOnline('w2', false);
  });
  const taint = { key: 'dedicated', value: 'batch', effect: 'NoSchedule' };
  story.happens('the pool gets the label disk=fast and the taint dedicated=batch:NoSchedule', () =>
    applyToWorkers(story.world, { labels: { disk: 'fast' }, taints: [taint] }),
  );
  const [first = ''] = story.labels();
  story.fails(first, {
    message: 'label w1: the API server answers 409 Conflict',
    code: 'conflict',
  });
  story.runsOut();
  story.wakes();
  story.runsOut();
  story.happens('w2 is back', () => story.world.setOnline('w2', true));
  story.happens('both are taken away again', () =>
    applyToWorkers(story.world, { labels: {}, taints: [] }),
  );
  story.runsOut();
  return story;
}

export const storiesOfLabels: Readonly<Record<string, () => Story>> = {
  'labels-changed.txt': labelsChanged,
};
