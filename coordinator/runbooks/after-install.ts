// Runbooks of what follows an install, and of what operators ask for once.
import type { Stage } from '../../shared/model/plan.ts';
import { SMOKE_IMAGE } from '../components/bill-of-materials.ts';
import type { Materials } from '../components/materials.ts';
import type { NetworkPlugin } from '../components/network/network-plugin.ts';
import type { Member } from '../planner/topology.ts';
import type { OperatorRequest } from '../store/records.ts';
import { importImage, stage, step } from './step-builder.ts';

export function stageSmokeTest(materials: Materials): readonly Stage[] {
  return [stage('smoke test image', importImage(SMOKE_IMAGE, 'k8s.io', materials))];
}

export interface SmokeInputs {
  readonly runId: string;
  readonly image: string;
  readonly nodes: readonly Member[];
  readonly domain: string;
  /** Of the network plugin. */
  readonly workloads: NetworkPlugin['workloads'];
}

export function smokeTest(inputs: SmokeInputs): readonly Stage[] {
  const services: NetworkPlugin['workloads'] = [
    { namespace: 'kube-system', workload: 'deployment/coredns' },
    { namespace: 'kube-system', workload: 'daemonset/kube-proxy' },
    ...inputs.workloads,
  ];
  return [
    stage(
      'cluster services',
      ...services.map((service) =>
        step(service.workload.split('/').at(-1) ?? '', 'wait-workload-ready', service),
      ),
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
