// The second wall: what reaches a step although it should not have come in.
import { describe, expect, it, test } from 'vitest';
import {
  artifactNames,
  officialSource,
  releaseFor,
} from '../../../../coordinator/artifacts/catalogue.ts';
import type { ArtifactLock } from '../../../../coordinator/artifacts/lock.ts';
import {
  renderApiProxyConfig,
  renderApiProxyUnit,
} from '../../../../coordinator/render/api-proxy.ts';
import { checkStep } from '../../../../coordinator/render/check-step.ts';
import { renderContainerdConfig } from '../../../../coordinator/render/containerd.ts';
import { renderEtcdUnit } from '../../../../coordinator/render/etcd.ts';
import { renderFlannelManifest } from '../../../../coordinator/render/flannel.ts';
import { modulesFor, sysctlsFor } from '../../../../coordinator/render/host-settings.ts';
import { renderJoinConfig } from '../../../../coordinator/render/kubeadm-config.ts';
import { digestOf } from '../../../../shared/canonical.ts';
import { aCluster, aNode, aSpec, aView } from '../../../support/cluster-builders.ts';
import { PlanningWorld } from '../../../support/planning-world.ts';

const evil = '192.168.7.3%\nExecStartPre=/bin/sh';
const members = [
  { name: 'm1', clientUrl: 'https://192.168.7.1:2379', peerUrl: 'https://192.168.7.1:2380' },
];
const etcd = { name: 'm1', address: '192.168.7.1', members, token: 'muster-lab' };
const node = {
  name: 'm1',
  address: '192.168.7.1',
  pool: aSpec().pools[0] as NonNullable<ReturnType<typeof aSpec>['pools'][0]>,
  labels: {},
};

describe('a renderer refuses what is not of its kind, naming host and field', () => {
  it.each([
    ['etcd’s name', () => renderEtcdUnit({ ...etcd, name: evil }), /name of an etcd member/],
    ['etcd’s address', () => renderEtcdUnit({ ...etcd, address: evil }), /etcd member m1: address/],
    [
      'another member’s URL',
      () =>
        renderEtcdUnit({
          ...etcd,
          members: [{ ...members[0], name: 'm2', peerUrl: evil } as never],
        }),
      /etcd member m1: peer URL of m2/,
    ],
    ['etcd’s token', () => renderEtcdUnit({ ...etcd, token: 'a b' }), /m1: cluster token/],
    [
      'a master of the proxy',
      () => renderApiProxyConfig(['10.0.0.1', evil]),
      /control-plane host 2/,
    ],
    ['the proxy’s image', () => renderApiProxyUnit('x y'), /image of the API proxy/],
    [
      'the pause image',
      () => renderContainerdConfig({ pauseImage: 'a"', systemdCgroup: true }),
      /pause image/,
    ],
    [
      'flannel’s image',
      () => renderFlannelManifest({ image: 'x', pods: '10.0.0.0/8' }),
      /image of fl/,
    ],
    [
      'the pods’ range',
      () => renderFlannelManifest({ image: 'a.b/c:1', pods: '10.0.0.0/8\n' }),
      /network.pods/,
    ],
    [
      'a node’s address',
      () => renderJoinConfig({ ...node, address: evil }, false),
      /node m1: address/,
    ],
    ['a node’s label', () => renderJoinConfig({ ...node, labels: { a: 'b,c' } }, false), /label a/],
    [
      'a module',
      () => modulesFor({ ...aSpec(), host: { ...aSpec().host, modules: ['a b'] } }, []),
      /host.modules/,
    ],
    [
      'a sysctl',
      () => sysctlsFor({ ...aSpec(), host: { ...aSpec().host, sysctls: { 'vm.x': '1\n2' } } }),
      /host.sysctls.vm.x/,
    ],
  ])('%s', (_what, render, message) => {
    expect(render).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringMatching(message) }),
    );
  });
});

test('a step refuses an argument that is not of its kind, naming both', () => {
  const check = () => {
    checkStep('gate', 'wait-etcd-healthy', {
      members: [{ ...members[0], clientUrl: `https://${evil}:2379` } as never],
      credentials: { caPath: '/a', certificatePath: '/b', keyPath: '/c' },
    });
  };
  expect(check).toThrow(
    /^step gate \(wait-etcd-healthy\)\.members\[0\]\.clientUrl: "https:.*is not an http/,
  );
  expect(() => checkStep('s', 'set-sysctls', { values: { 'a b': '1' }, path: '/x' })).toThrow(
    /step s \(set-sysctls\)\.values: "a b" is not the name of a sysctl/,
  );
});

test('an install of the official releases passes both walls', () => {
  const release = releaseFor('v1.37.1');
  const lock: ArtifactLock = {
    schema: 'muster/artifact-lock/v1',
    artifacts: artifactNames.map((name) => {
      const source = officialSource(name, release[name], 'amd64');
      const isImage = source.kind === 'image';
      return {
        name,
        version: release[name],
        arch: 'amd64',
        kind: source.kind,
        url: isImage ? `oci://${source.reference}` : source.url,
        sha256: digestOf(name),
        size: 1,
        reference: isImage ? source.reference : null,
      };
    }),
  };
  const nodes = [
    ...[1, 2, 3].map((number) => aNode(`m${number}`, number)),
    aNode('w-1', 4, { pool: 'workers' }),
  ];
  const world = new PlanningWorld(nodes, aView(nodes, aCluster({ lock })));
  world.runAll();
  expect(world.issued).toContain('w-1: join as worker');
  expect(world.issued.some((line) => line.endsWith('run the smoke test'))).toBe(true);
});
