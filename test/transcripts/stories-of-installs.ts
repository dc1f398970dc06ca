// Stories in which everything goes well: fleets installed from the first host that joins to the last
// step, and what comes to a finished fleet afterwards.
import { aCluster, aNode, aSpec } from '../support/cluster-builders.ts';
import { askFor, lackArtifacts } from './adapter.ts';
import {
  anotherSmokeTest,
  oneMasterSpec,
  threeMasters,
  twoWorkers,
  userCertificate,
} from './fleets.ts';
import { Story } from './story.ts';

const [m1, m2] = [threeMasters[0]!, threeMasters[1]!];
const [w1, w2] = [twoWorkers[0]!, twoWorkers[1]!];
const hour = 3_600_000;

/** Hosts join one after another, and end what they do in an order of their own. */
function installOfThreeAndTwo(): Story {
  const story = new Story('The install of three masters and two workers', []);
  story.joins(m1);
  story.joins(w1);
  story.joins(m2);
  story.ends('m1: stage artifacts', 'w1: stage artifacts');
  story.joins(aNode('m3', 13, { facts: { clockSkewMs: null } }));
  story.happens('m3 knows how its clock stands', () =>
    story.world.setFacts('m3', { clockSkewMs: 0 }),
  );
  story.joins(w2);
  story.ends('m2: stage artifacts', 'm3: stage artifacts', 'w2: stage artifacts');
  story.ends('m1: prepare host');
  story.happens('m1 says what it does', () => story.world.setDoing('m1', 'host', 'init-certs-ca'));
  story.happens('m1 says nothing more', () => story.world.setDoing('m1', 'host', ''));
  story.ends('m1: make cluster keys');
  story.ends('m2: prepare host', 'w1: prepare host');
  story.ends('m3: prepare host');
  story.ends('m1: start control plane');
  story.ends('m1: create join credentials for m2', 'm1: create join credentials for w1');
  story.ends('m1: create join credentials for m3', 'm1: create join credentials for w2');
  story.ends('m2: join control plane');
  story.ends('m3: join control plane');
  story.ends('w1: join as worker');
  story.ends('w2: prepare host');
  story.ends('w2: join as worker');
  story.runsOut();
  story.passes('a day passes', 24 * hour);
  return story;
}

/** The coordinator fetches them itself, so hosts may join before they are there. */
function artifactsComeLate(): Story {
  const story = new Story('The last artifact comes after the hosts', []);
  lackArtifacts(story.world, ['kubelet']);
  story.joins(...threeMasters, w1);
  story.happens('the kubelet is there too', () => lackArtifacts(story.world, []));
  return story;
}

function installOfOneAndOne(): Story {
  const story = new Story(
    'The install of one master and one worker',
    [],
    aCluster({ spec: oneMasterSpec }),
  );
  story.joins(m1, w1);
  story.runsOut();
  return story;
}

/** A cluster without workers. */
function installOfOneAlone(): Story {
  const roles = ['etcd', 'control-plane'];
  const spec = aSpec({ pools: [{ name: 'control-plane', roles, size: 1 }] });
  const story = new Story('The install of a single host', [], aCluster({ spec }));
  story.joins(m1);
  story.runsOut();
  return story;
}

function finished(title: string): Story {
  const story = new Story(title, [...threeMasters, ...twoWorkers]);
  story.begins('the install of m1, m2, m3, w1 and w2 ended an hour ago', () => {
    story.world.runAll();
    story.world.now += hour;
  });
  return story;
}

function laterWorker(): Story {
  const story = finished('A worker joins a finished fleet');
  const w3 = aNode('w3', 23, { pool: 'workers' });
  story.joins({ ...w3, facts: null });
  story.happens('w3 reports its facts', () => {
    const { view } = story.world;
    const nodes = view.nodes.map((node) =>
      node.record.id === w3.record.id ? { ...node, facts: w3.facts } : node,
    );
    story.world.view = { ...view, nodes };
  });
  story.ends('w3: stage artifacts');
  story.ends('m1: create join credentials for w3');
  story.runsOut();
  return story;
}

function operatorsAsk(): Story {
  const story = finished('An operator asks for a certificate and a smoke test');
  story.happens('anna asks for a certificate', () => askFor(story.world, [userCertificate]));
  story.ends('m1: sign a certificate for anna');
  story.happens('anna asks for a smoke test while m1 is away', () => {
    story.world.setOnline('m1', false);
    askFor(story.world, [userCertificate, anotherSmokeTest]);
  });
  story.runsOut();
  return story;
}

/** More masters than the pool's size, and a pool that makes no nodes by itself. */
function hostsNobodyAskedFor(): Story {
  const spec = aSpec({
    pools: [
      { name: 'control-plane', roles: ['etcd', 'control-plane'], size: 1 },
      { name: 'workers', roles: ['worker'], autoJoin: false },
    ],
  });
  const story = new Story(
    'A spare master, and a worker whose pool makes no nodes by itself',
    [],
    aCluster({ spec }),
  );
  story.joins(m1, m2, w1);
  story.runsOut();
  return story;
}

export const storiesOfInstalls: Readonly<Record<string, () => Story>> = {
  'install-three-and-two.txt': installOfThreeAndTwo,
  'install-one-and-one.txt': installOfOneAndOne,
  'install-one-alone.txt': installOfOneAlone,
  'artifacts-come-late.txt': artifactsComeLate,
  'later-worker.txt': laterWorker,
  'operators-ask.txt': operatorsAsk,
  'hosts-nobody-asked-for.txt': hostsNobodyAskedFor,
};
