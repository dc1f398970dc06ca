// Stories in which something goes wrong: a preflight that fails, a step that fails, a host that goes
// away, credentials that expire.
import { aNode } from '../support/cluster-builders.ts';
import { ignoreCheck, retry } from './adapter.ts';
import { threeMasters, twoWorkers } from './fleets.ts';
import { Story } from './story.ts';

const [m1, m2, m3] = [threeMasters[0]!, threeMasters[1]!, threeMasters[2]!];
const [w1, w2] = [twoWorkers[0]!, twoWorkers[1]!];
const everybody = [...threeMasters, ...twoWorkers];
const minute = 60_000;
const MiB = 1024 * 1024;

function preflightOfMaster(): Story {
  const story = new Story(
    'A master fails the preflight: nothing is touched until it is mended',
    [],
  );
  const small = { memoryBytes: 512 * MiB, ports: [{ port: 6443, address: '*', process: 'nginx' }] };
  story.joins(m1, m2, aNode('m3', 13, { facts: small }), w1, w2);
  story.ends('m1: stage artifacts', 'm2: stage artifacts');
  story.ends('w1: stage artifacts', 'w2: stage artifacts');
  story.happens('the program on port 6443 is stopped', () =>
    story.world.setFacts('m3', { ports: [] }),
  );
  story.happens('m3 gets more memory', () =>
    story.world.setFacts('m3', { memoryBytes: 4096 * MiB }),
  );
  return story;
}

function ignoredCheck(): Story {
  const story = new Story('A check that a master fails is ignored: it warns and stops nothing', []);
  story.joins(m1, m2, aNode('m3', 13, { facts: { memoryBytes: 512 * MiB } }));
  story.ends('m1: stage artifacts', 'm2: stage artifacts');
  story.happens('the cluster is applied again with --ignore memory', () =>
    ignoreCheck(story.world, 'memory'),
  );
  return story;
}

function preflightOfWorker(): Story {
  const story = new Story('A worker fails the preflight: it is left out, and nobody waits', []);
  const swap = { swap: { devices: ['/dev/sda2'], fstabLines: [], units: [] } };
  story.joins(m1, m2, m3, w1, aNode('w2', 22, { pool: 'workers', facts: swap }));
  story.runsOut();
  story.happens('swap is turned off on w2', () =>
    story.world.setFacts('w2', { swap: { devices: [], fstabLines: [], units: [] } }),
  );
  story.runsOut();
  return story;
}

/** Begins where `plan` was issued: everything before it went well. */
function untilIssued(story: Story, plan: string): void {
  const { world } = story;
  story.begins(`the install has come to "${plan}"`, () => {
    world.settle();
    for (let round = 0; !world.issued.includes(plan); round += 1) {
      if (round > 100) throw new Error(`"${plan}" is never issued`);
      for (const running of world.running()) world.finish(running);
      world.now += 1000;
      world.settle();
    }
  });
}

function failingStep(): Story {
  const story = new Story('A step fails, is repeated, is held and is retried', everybody);
  untilIssued(story, 'm1: start control plane');
  const start = 'm1: start control plane';
  const message = 'https://192.168.7.11:6443/readyz did not answer within 300 s';
  story.fails(start, { message, code: 'timeout' });
  story.passes('three seconds pass', 2000);
  story.wakes();
  story.fails(start, { message, code: 'timeout' });
  story.wakes();
  story.fails(start, { message, code: 'timeout' });
  story.passes('ten minutes pass', 10 * minute);
  story.happens('the operator runs `coordinator retry m1`', () => retry(story.world, 'm1'));
  story.fails(start, { message: 'it fails once more', code: 'timeout' });
  story.wakes();
  story.ends(start);
  return story;
}

function failureThatRepeatingCannotMend(): Story {
  const story = new Story('A failure that repeating cannot mend is held at once', []);
  story.joins(...everybody);
  const message = 'kubelet 1.0.0: sha256 is not the one of the plan';
  story.fails('w1: stage artifacts', { message, code: 'artifact', retryable: false });
  story.runsOut();
  story.happens('the operator runs `coordinator retry w1`', () => retry(story.world, 'w1'));
  story.runsOut();
  return story;
}

function refusedPlan(): Story {
  const story = new Story('A host refuses its plan because its facts changed', [m1, m2, m3]);
  story.slow.add('m2');
  untilIssued(story, 'm2: prepare host');
  story.happens('m2 refuses "prepare host": facts-changed', () => {
    const plan = story.world.running().find(({ state }) => state === 'issued');
    if (plan !== undefined) story.world.refuse(plan, 'facts-changed');
  });
  story.slow.delete('m2');
  story.wakes();
  return story;
}

function masterGoesAwayInItsJoin(): Story {
  const story = new Story('A master goes away in the middle of its join', everybody);
  untilIssued(story, 'm2: join control plane');
  story.happens('the plug of m2 is pulled', () => story.world.setOnline('m2', false));
  story.ends('w1: join as worker');
  story.ends('w2: join as worker');
  story.passes('five minutes pass', 5 * minute);
  story.happens('m2 is back and goes on', () => story.world.setOnline('m2', true));
  story.ends('m2: join control plane');
  return story;
}

function masterGoesAwayBeforeItsJoin(): Story {
  const story = new Story('A master goes away before its join: the next one goes first', everybody);
  untilIssued(story, 'm1: start control plane');
  story.happens('m2 goes away', () => story.world.setOnline('m2', false));
  story.runsOut();
  story.happens('m2 is back', () => story.world.setOnline('m2', true));
  story.runsOut();
  return story;
}

function firstMasterGoesAway(): Story {
  const story = new Story('The first master is away: another makes the credentials', everybody);
  story.begins('the install is over', () => story.world.runAll());
  story.happens('m1 goes away', () => story.world.setOnline('m1', false));
  story.joins(aNode('w3', 23, { pool: 'workers' }));
  story.runsOut();
  story.happens('m2 and m3 go away too', () => {
    for (const name of ['m2', 'm3']) story.world.setOnline(name, false);
  });
  story.joins(aNode('w4', 24, { pool: 'workers' }));
  story.ends('w4: stage artifacts');
  story.ends('w4: prepare host');
  story.happens('m3 is back', () => story.world.setOnline('m3', true));
  story.runsOut();
  return story;
}

function workerGoesAway(): Story {
  const story = new Story('A worker goes away while its plan is on the way to it', everybody);
  story.slow.add('w2');
  untilIssued(story, 'w2: stage artifacts');
  story.happens('w2 goes away', () => story.world.setOnline('w2', false));
  story.ends(
    'm1: stage artifacts',
    'm2: stage artifacts',
    'm3: stage artifacts',
    'w1: stage artifacts',
  );
  story.happens('w2 is back', () => {
    story.slow.delete('w2');
    story.world.setOnline('w2', true);
  });
  return story;
}

function expiredCredentials(): Story {
  const story = new Story('Join credentials expire before the join begins', everybody);
  untilIssued(story, 'm1: create join credentials for m3');
  story.ends('m1: create join credentials for m2', 'm1: create join credentials for m3');
  story.passes('the join of m2 takes thirteen minutes', 13 * minute);
  story.ends('m2: join control plane');
  story.ends('m1: create join credentials for m3');
  story.ends('m3: join control plane');
  return story;
}

function refusedCredentials(): Story {
  const story = new Story('The cluster does not take the credentials of a join', everybody);
  untilIssued(story, 'w1: join as worker');
  const message = 'muster-discovery.conf: the cluster does not take the join credentials any more';
  story.fails('w1: join as worker', { message, code: 'credentials-expired' });
  story.runsOut();
  return story;
}

export const storiesOfTrouble: Readonly<Record<string, () => Story>> = {
  'preflight-of-a-master.txt': preflightOfMaster,
  'preflight-ignored.txt': ignoredCheck,
  'preflight-of-a-worker.txt': preflightOfWorker,
  'failing-step.txt': failingStep,
  'failure-held-at-once.txt': failureThatRepeatingCannotMend,
  'refused-plan.txt': refusedPlan,
  'master-away-in-its-join.txt': masterGoesAwayInItsJoin,
  'master-away-before-its-join.txt': masterGoesAwayBeforeItsJoin,
  'first-master-away.txt': firstMasterGoesAway,
  'worker-away.txt': workerGoesAway,
  'expired-credentials.txt': expiredCredentials,
  'refused-credentials.txt': refusedCredentials,
};
