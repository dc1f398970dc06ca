// One measurement: every probe beside the others and each with its own limit, so that an API server
// that hangs hides nothing else. What a probe could not find out is 'unknown', which is never "fine".
import { isAbort } from '../../shared/errors.ts';
import type { Known, NodeFacts } from '../../shared/model/facts.ts';
import type { HealthReport } from '../../shared/model/health.ts';
import { apiServerHealth } from './api-server.ts';
import { certificateHealth } from './certificates.ts';
import { etcdHealth } from './etcd.ts';
import type { HealthSources } from './health-sources.ts';
import { kubeletHealth } from './kubelet.ts';
import { nodeHealth } from './node.ts';
import { servedCertificates } from './served-certificates.ts';
import { diskSpace, memorySpace } from './space.ts';
import { readUnits } from './units.ts';

/** @param facts asked for what needs no look of its own: which boot it is, who keeps the clock. */
export async function measureHealth(
  sources: HealthSources,
  facts: Pick<NodeFacts, 'bootId' | 'clock'>,
): Promise<HealthReport> {
  const { host, machine } = sources;
  const inFiles = known(() => certificateHealth(sources));
  const [units, kubelet, node, apiServer, etcd, ends, served, disks, memory] = await Promise.all([
    known(() => readUnits(sources)),
    kubeletHealth(sources),
    nodeHealth(sources),
    apiServerHealth(sources),
    etcdHealth(sources),
    inFiles,
    known(async () => {
      // What is served is compared with the files.
      const files = await inFiles;
      return await servedCertificates(sources, files === 'unknown' ? [] : files);
    }),
    known(() => diskSpace(machine)),
    known(() => memorySpace(host)),
  ]);
  return {
    schema: 'muster/health/v1',
    bootId: facts.bootId,
    units,
    kubelet,
    node,
    apiServer,
    etcd,
    certificates: ends,
    served,
    disks,
    memory,
    clock: facts.clock,
  };
}

async function known<T>(probe: () => Promise<T>): Promise<Known<T>> {
  try {
    return await probe();
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    return 'unknown';
  }
}
