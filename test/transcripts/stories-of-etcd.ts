// Stories of what etcd needs while it lives: saved by a schedule and copied, defragmented one by one.
import type { OperatorRequest } from '../../coordinator/store/records.ts';
import type { StepOutputs } from '../../shared/model/progress.ts';
import { askFor, setRecoveryKey, setSchedule } from './adapter.ts';
import { threeMasters } from './fleets.ts';
import { Story } from './story.ts';

function finished(title: string): Story {
  const story = new Story(title, threeMasters);
  story.begins('three masters are installed', () => story.world.runAll());
  return story;
}

const saved = (id: string): Readonly<Record<string, StepOutputs>> => ({
  'etcd-snapshot': { revision: '7', hash: 'ff', bytes: '2048', path: `/snapshots/${id}.db` },
  'prune-snapshots': { kept: id },
  'seal-snapshot': { sha256: 'a'.repeat(64), bytes: '4096', key: 'abcd' },
});

function savedBySchedule(): Story {
  const story = finished('etcd is saved by a schedule, and what was saved is copied');
  story.happens('an operator applies a schedule and gives a recovery key', () => {
    setRecoveryKey(story.world);
    setSchedule(story.world, '0 */6 * * *');
  });
  story.wakes();
  const [plan] = story.world.running();
  story.endsWith('m1: take an etcd snapshot', saved(plan?.goalKey.subject ?? ''));
  story.ends('m1: copy an etcd snapshot to the coordinator');
  return story;
}

function defragmented(): Story {
  const story = finished('An operator has etcd defragmented, and one member fails');
  const asked = { kind: 'defragment', id: 'asked', cluster: 'lab' } as const;
  story.happens('an operator asks for it', () => {
    const request: OperatorRequest = { ...asked, createdMs: story.world.now };
    askFor(story.world, [request]);
  });
  story.ends('m1: defragment the etcd database');
  story.fails('m2: defragment the etcd database', {
    message: 'the member does not answer',
    retryable: false,
  });
  story.ends('m3: defragment the etcd database');
  return story;
}

export const storiesOfEtcd: Readonly<Record<string, () => Story>> = {
  'etcd-saved-by-schedule.txt': savedBySchedule,
  'etcd-defragmented.txt': defragmented,
};
