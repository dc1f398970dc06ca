// Stories of hosts that are cordoned, drained and given back on a finished fleet.
import type { HostRequest } from '../../coordinator/store/records.ts';
import type { BlockingPod } from '../../shared/model/drain.ts';
import { askFor } from './adapter.ts';
import { threeMasters, twoWorkers } from './fleets.ts';
import { Story } from './story.ts';

const minute = 60_000;
const web: BlockingPod = {
  namespace: 'shop',
  pod: 'web-7f9c-abcde',
  why: 'budget',
  budget: 'web',
  message: 'The disruption budget web needs 2 healthy pods and has 2 currently',
};
const ours = { 'cordon-node': { cordoned: 'ours' } };
const held = { 'drain-node': { left: '1', blocking: JSON.stringify([web]), cordoned: 'yes' } };
const empty = { 'drain-node': { left: '0', blocking: '[]', cordoned: 'yes' } };
const free = { 'uncordon-node': { uncordoned: 'yes' } };

function finished(title: string): Story {
  const story = new Story(title, threeMasters);
  story.begins('three masters and two workers are installed', () => {
    for (const worker of twoWorkers) story.world.add(worker);
    story.world.runAll();
  });
  return story;
}

function request(story: Story, kind: HostRequest['kind'], name: string): HostRequest {
  const found = story.world.view.nodes.find(({ record }) => record.name === name);
  if (found === undefined) throw new Error(`no host ${name}`);
  const { now } = story.world;
  const asked = { id: `${kind}-${now}`, cluster: 'lab', node: found.record.id, createdMs: now };
  if (kind !== 'drain') return { kind, ...asked };
  return {
    kind,
    ...asked,
    limits: {
      timeoutMs: 2 * minute,
      podGraceSeconds: null,
      evictUnmanaged: false,
      deleteEmptyDirData: true,
      disableEviction: false,
      alone: 'drain',
    },
  };
}

function asks(story: Story, kind: HostRequest['kind'], name: string): void {
  story.happens(`an operator asks to ${kind} ${name}`, () =>
    askFor(story.world, [...story.world.view.requests, request(story, kind, name)]),
  );
}

const doer = (story: Story, goal: string): string => {
  const label = story.labels().find((one) => one.endsWith(goal));
  if (label === undefined) throw new Error(`nobody has "${goal}" to do`);
  return label;
};

/** Held by a budget first, then away with its master, then done and given back. */
function drainedAndGivenBack(): Story {
  const story = finished(
    'A worker is drained: a budget holds a pod, and the acting master goes away',
  );
  asks(story, 'drain', 'w1');
  story.endsWith(doer(story, 'cordon w1'), ours);
  story.endsWith(doer(story, 'drain w1'), held);
  story.wakes();
  const acting = doer(story, 'drain w1').split(':')[0] ?? '';
  story.happens(`${acting}, which drains it, is away`, () => story.world.setOnline(acting, false));
  story.endsWith(
    story.labels().find((label) => !label.startsWith(acting) && label.endsWith('drain w1')) ?? '',
    empty,
  );
  story.happens(`${acting} is back`, () => story.world.setOnline(acting, true));
  asks(story, 'uncordon', 'w1');
  story.endsWith(doer(story, 'uncordon w1'), free);
  return story;
}

/** At its limit it stays as it is; the uncordon ends it. */
function notDrainedInTime(): Story {
  const story = finished('A worker cannot be drained in time');
  asks(story, 'drain', 'w1');
  story.endsWith(doer(story, 'cordon w1'), ours);
  story.endsWith(doer(story, 'drain w1'), held);
  story.passes('two minutes pass', 2 * minute);
  asks(story, 'uncordon', 'w1');
  story.endsWith(doer(story, 'uncordon w1'), free);
  return story;
}

/** What is under way is stopped before the host is given back. */
function uncordonedInTheMiddle(): Story {
  const story = finished('An operator changes their mind while a host is cordoned');
  asks(story, 'drain', 'w1');
  const cordon = doer(story, 'cordon w1');
  asks(story, 'uncordon', 'w1');
  story.stops(cordon);
  story.endsWith(doer(story, 'uncordon w1'), free);
  return story;
}

export const storiesOfDrains: Readonly<Record<string, () => Story>> = {
  'drained-and-given-back.txt': drainedAndGivenBack,
  'not-drained-in-time.txt': notDrainedInTime,
  'uncordoned-in-the-middle.txt': uncordonedInTheMiddle,
};
