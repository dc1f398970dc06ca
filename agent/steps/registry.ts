// Every kind of step and its runner. A kind of the vocabulary that has none does not compile.
import { applyManifest } from './apply-manifest.ts';
import { checkEtcdRegistry } from './check-etcd-registry.ts';
import { cordonNode } from './cordon-node.ts';
import { createJoinCredentials } from './create-join-credentials.ts';
import { defragmentEtcd } from './defragment-etcd.ts';
import { deleteJoinCredentials } from './delete-join-credentials.ts';
import { deleteNode } from './delete-node.ts';
import { disableSwap } from './disable-swap.ts';
import { drainNode } from './drain-node.ts';
import { etcdSnapshot } from './etcd-snapshot.ts';
import { fetchArtifact } from './fetch-artifact.ts';
import { importImage } from './import-image.ts';
import { installBinary } from './install-binary.ts';
import { issueUserCertificate } from './issue-user-certificate.ts';
import { kubeadmPhase } from './kubeadm-phase.ts';
import { labelNode } from './label-node.ts';
import { loadKernelModules } from './load-kernel-modules.ts';
import { manageUnit } from './manage-unit.ts';
import { pruneSnapshots } from './prune-snapshots.ts';
import { readCaDigest } from './read-ca-digest.ts';
import { removePath } from './remove-path.ts';
import { renewCertificates } from './renew-certificates.ts';
import { requestCertificate } from './request-certificate.ts';
import { restartStaticPods } from './restart-static-pods.ts';
import { rollDaemonSet } from './roll-daemon-set.ts';
import { sealSnapshot } from './seal-snapshot.ts';
import { setSysctls } from './set-sysctls.ts';
import { smokeTest } from './smoke-test.ts';
import type { StepRegistry } from './step-runner.ts';
import { switchControlPlane } from './switch-control-plane.ts';
import { uncordonNode } from './uncordon-node.ts';
import { unpackArchive } from './unpack-archive.ts';
import { unsealSecret } from './unseal-secret.ts';
import { updateKubeletConfig } from './update-kubelet-config.ts';
import { uploadSnapshot } from './upload-snapshot.ts';
import { waitApiserverReady } from './wait-apiserver-ready.ts';
import { waitCertificatesServed } from './wait-certificates-served.ts';
import { waitEtcdHealthy } from './wait-etcd-healthy.ts';
import { waitNodeReady } from './wait-node-ready.ts';
import { waitWorkloadReady } from './wait-workload-ready.ts';
import { writeFile } from './write-file.ts';

export const stepRegistry: StepRegistry = {
  'disable-swap': disableSwap,
  'load-kernel-modules': loadKernelModules,
  'set-sysctls': setSysctls,
  'write-file': writeFile,
  'remove-path': removePath,
  'fetch-artifact': fetchArtifact,
  'install-binary': installBinary,
  'unpack-archive': unpackArchive,
  'import-image': importImage,
  'manage-unit': manageUnit,
  'request-certificate': requestCertificate,
  'wait-etcd-healthy': waitEtcdHealthy,
  'check-etcd-registry': checkEtcdRegistry,
  'etcd-snapshot': etcdSnapshot,
  'prune-snapshots': pruneSnapshots,
  'seal-snapshot': sealSnapshot,
  'upload-snapshot': uploadSnapshot,
  'defragment-etcd': defragmentEtcd,
  'kubeadm-phase': kubeadmPhase,
  'switch-control-plane': switchControlPlane,
  'renew-certificates': renewCertificates,
  'restart-static-pods': restartStaticPods,
  'wait-certificates-served': waitCertificatesServed,
  'update-kubelet-config': updateKubeletConfig,
  'read-ca-digest': readCaDigest,
  'create-join-credentials': createJoinCredentials,
  'delete-join-credentials': deleteJoinCredentials,
  'delete-node': deleteNode,
  'cordon-node': cordonNode,
  'uncordon-node': uncordonNode,
  'label-node': labelNode,
  'drain-node': drainNode,
  'unseal-secret': unsealSecret,
  'apply-manifest': applyManifest,
  'wait-node-ready': waitNodeReady,
  'wait-apiserver-ready': waitApiserverReady,
  'roll-daemon-set': rollDaemonSet,
  'wait-workload-ready': waitWorkloadReady,
  'issue-user-certificate': issueUserCertificate,
  'smoke-test': smokeTest,
};
