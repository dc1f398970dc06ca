import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { artifactNames, releaseFor } from '../../../../coordinator/artifacts/catalogue.ts';
import type { ArtifactLock } from '../../../../coordinator/artifacts/lock.ts';
import { keys } from '../../../../coordinator/store/records.ts';
import { sha256Hex } from '../../../../shared/canonical.ts';
import { AppError } from '../../../../shared/errors.ts';
import { aNode } from '../../../support/cluster-builders.ts';
import { type OperatorWorld, operatorWorld } from './operator-world.ts';

const ha = readFileSync(join(import.meta.dirname, '../../../../examples/ha.yaml'), 'utf8');
const release = releaseFor('v1.37.1');

function aLock(content = 'first'): ArtifactLock {
  return {
    schema: 'muster/artifact-lock/v1',
    artifacts: artifactNames.map((name) => ({
      name,
      version: release[name],
      arch: 'amd64',
      kind: name.startsWith('image-') ? 'image' : 'binary',
      url: `https://example.org/${name}`,
      sha256: sha256Hex(`${content} ${name}`),
      size: 10,
      reference: name.startsWith('image-') ? `example.org/${name}:1` : null,
    })),
  };
}

interface Given {
  readonly lock?: ArtifactLock | null;
  readonly dryRun?: boolean;
  readonly ignore?: string[];
}

const apply = async (world: OperatorWorld, specYaml = ha, given: Given = {}) => {
  const lock = given.lock === undefined ? aLock() : given.lock;
  const artifactLock = Buffer.from(lock === null ? '' : JSON.stringify(lock));
  const request = {
    specYaml,
    dryRun: given.dryRun ?? false,
    ignore: given.ignore ?? [],
    artifactLock,
  };
  return await world.handlers.Apply(request, world.context);
};

test('creates the cluster record, says what is fetched, and begins to fetch it', async () => {
  const world = operatorWorld();
  expect(await apply(world)).toEqual({
    result: 'created',
    messages: ['17 of 17 artifacts are being fetched: `coordinator get artifacts` shows them'],
  });
  expect(await world.cluster()).toMatchObject({
    name: 'lab',
    specYaml: ha,
    controlPlane: null,
    masters: [],
    retryGeneration: 0,
  });
  expect(world.pulled).toHaveLength(1);
  expect(world.audited).toMatchObject([
    { event: 'operator', fields: { call: 'apply', result: 'created' } },
  ]);
});

test('the same again changes nothing', async () => {
  const world = operatorWorld();
  await apply(world);
  const revision = await world.store.revision();
  expect(await apply(world)).toMatchObject({ result: 'unchanged' });
  expect(await world.store.revision()).toBe(revision);
});

test('a dry run stores and fetches nothing', async () => {
  const world = operatorWorld();
  const reply = await apply(world, ha, { dryRun: true });
  expect(reply).toEqual({ result: 'created', messages: ['17 of 17 artifacts would be fetched'] });
  expect(await world.cluster()).toBeNull();
  expect(world.pulled).toEqual([]);
  expect(world.audited).toEqual([]);
});

test('every fault of the file is in the one refusal', async () => {
  const world = operatorWorld();
  const applying = apply(world, ha.replace('size: 3', 'size: 2').replace('network:', 'netwrok:'));
  await expect(applying).rejects.toMatchObject({ code: 'invalid' });
  await expect(applying).rejects.toThrow(/7:3: spec\.netwrok: unknown field[\s\S]*etcd members/);
  expect(await world.cluster()).toBeNull();
});

test('a change of a running cluster that this version cannot make is refused, and nothing is fetched', async () => {
  const world = operatorWorld();
  await apply(world);
  const record = await world.cluster();
  if (record === null) throw new Error('there is no cluster');
  await world.put({ ...record, controlPlane: [aNode('m1', 1).record.id] });
  const applying = apply(world, ha.replace('v1.37.1', 'v1.36.4'), { lock: null });
  await expect(applying).rejects.toMatchObject({ code: 'refused' });
  await expect(applying).rejects.toThrow(/nothing was changed:[\s\S]*Kubernetes knows no way back/);
  expect((await world.cluster())?.spec.kubernetes.version).toBe('v1.37.1');
});

test('a smaller pool than there are hosts is refused with the command to run', async () => {
  const world = operatorWorld();
  await apply(world);
  for (const [index, name] of ['w1', 'w2'].entries()) {
    const { record } = aNode(name, index + 1, { pool: 'workers' });
    await world.store.put(keys.node(record.id), record, 0);
  }
  const smaller = ha.replace('roles: [worker],', 'roles: [worker], size: 1,');
  await expect(apply(world, smaller)).rejects.toThrow('coordinator node remove w2');
});

test('another lock for an installed cluster is a change that a rollout brings to hosts', async () => {
  const world = operatorWorld();
  await apply(world);
  expect(await apply(world, ha, { lock: aLock('second') })).toMatchObject({ result: 'changed' });
  const record = await world.cluster();
  if (record === null) throw new Error('there is no cluster');
  expect(record.wanted).toBeUndefined();
  await world.put({ ...record, controlPlane: [] });
  await apply(world, ha, { lock: aLock('third') });
  const after = await world.cluster();
  expect(after?.wanted).toEqual({
    generation: record.specGeneration + 1,
    from: { spec: record.spec, lock: aLock('second') },
  });
});

test('a second change before the first has begun is taken back to what hosts have, not to the first', async () => {
  const world = operatorWorld();
  await apply(world);
  const record = await world.cluster();
  if (record === null) throw new Error('there is no cluster');
  await world.put({ ...record, controlPlane: [] });
  await apply(world, ha, { lock: aLock('second') });
  await apply(world, ha, { lock: aLock('third') });
  expect((await world.cluster())?.wanted?.from.lock).toEqual(record.lock);
});

test('without a lock the coordinator makes it from the source of the spec', async () => {
  const world = operatorWorld();
  world.offered = aLock('made');
  await apply(world, ha, { lock: null });
  expect((await world.cluster())?.lock).toEqual(aLock('made'));
  // Official releases are not asked again for the same version.
  world.offered = new AppError('artifact', 'must not be asked');
  expect(await apply(world, ha, { lock: null })).toMatchObject({ result: 'unchanged' });
});

test('a source that cannot give a lock refuses the apply, and nothing is stored', async () => {
  const world = operatorWorld();
  world.offered = new AppError('artifact', '/srv/artifacts does not exist');
  const applying = apply(world, ha, { lock: null });
  await expect(applying).rejects.toMatchObject({
    code: 'refused',
    message: 'no artifact lock could be made: /srv/artifacts does not exist',
  });
  expect(await world.cluster()).toBeNull();
});

test('a lock that lacks something, or is for another version, is refused with names', async () => {
  const world = operatorWorld();
  const lock = {
    ...aLock(),
    artifacts: aLock().artifacts.filter(({ name }) => name !== 'runc' && name !== 'etcd'),
  };
  await expect(apply(world, ha, { lock })).rejects.toThrow(
    'the artifact lock lacks for amd64: etcd, runc',
  );
  const newer = ha.replace('v1.37.1', 'v1.37.2');
  await expect(apply(world, newer)).rejects.toThrow(
    'the artifact lock has kubeadm v1.37.1 (amd64), the spec says v1.37.2',
  );
});

test('checks to ignore are known ones, and are kept', async () => {
  const world = operatorWorld();
  await expect(apply(world, ha, { ignore: ['memry'] })).rejects.toThrow('did you mean memory?');
  await apply(world, ha, { ignore: ['memory'] });
  expect((await world.cluster())?.ignoredChecks).toEqual(['memory']);
  expect(await apply(world)).toMatchObject({ result: 'changed' });
});

test('an apply that loses a race decides again on what is there then', async () => {
  const world = operatorWorld();
  world.store.loseRace('cluster/');
  expect(await apply(world)).toMatchObject({ result: 'created' });
  expect(await world.cluster()).not.toBeNull();
});
