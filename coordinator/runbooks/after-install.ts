// Runbooks of what follows an install, and of what operators ask for once.
import type { Stage } from '../../shared/model/plan.ts';
import { type Materials, SMOKE_IMAGE } from '../components/bill-of-materials.ts';
import { etcdEndpoint, type Member } from '../planner/topology.ts';
import { etcdClientPaths, paths } from '../render/paths.ts';
import type { OperatorRequest } from '../store/records.ts';
import { importImage } from './prepare-host.ts';
import { stage, step } from './step-builder.ts';

export function firstSnapshot(member: Member): readonly Stage[] {
  return [
    stage(
      'snapshot',
      step('snapshot', 'etcd-snapshot', {
        path: `${paths.etcdSnapshots}/first.db`,
        endpoint: etcdEndpoint(member).clientUrl,
        credentials: etcdClientPaths,
      }),
    ),
  ];
}

export function stageSmokeTest(materials: Materials): readonly Stage[] {
  return [
    stage('smoke test image', importImage(SMOKE_IMAGE.replace('image-', ''), 'k8s.io', materials)),
  ];
}

export interface SmokeInputs {
  readonly runId: string;
  readonly image: string;
  readonly nodes: readonly Member[];
  readonly domain: string;
}

export function smokeTest(inputs: SmokeInputs): readonly Stage[] {
  const workload = (id: string, name: string) =>
    step(id, 'wait-workload-ready', { namespace: 'kube-system', workload: name });
  return [
    stage(
      'cluster services',
      workload('coredns', 'deployment/coredns'),
      workload('kube-proxy', 'daemonset/kube-proxy'),
      workload('flannel', 'daemonset/flannel'),
    ),
    stage(
      'smoke test',
      step('smoke', 'smoke-test', {
        runId: inputs.runId,
        image: inputs.image,
        nodes: inputs.nodes.map(({ name, address }) => ({ name, address })),
        clusterDomain: inputs.domain,
      }),
    ),
  ];
}

export function signOperator(
  request: Extract<OperatorRequest, { kind: 'user-certificate' }>,
): readonly Stage[] {
  return [
    stage(
      'certificate',
      step('certificate', 'issue-user-certificate', {
        csrPem: request.csrPem,
        user: request.user,
        ttlSeconds: request.ttlSeconds,
      }),
    ),
  ];
}
