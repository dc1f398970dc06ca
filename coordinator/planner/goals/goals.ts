// Every goal, in the order in which they are asked: where two want the same lane of a host, the earlier
// one has it. A goal is a kind (plan-records/goal-key.ts), its rules (goal-table.ts) and a file here.
import type { GoalKind } from '../../plan-records/goal-key.ts';
import type { Goal } from '../goal.ts';
import { changeHost, takeBack } from './change-host.ts';
import { clusterKeys } from './cluster-keys.ts';
import { copySnapshot } from './copy-snapshot.ts';
import { credentials, forgetCredentials } from './credentials.ts';
import { defragment } from './defragment.ts';
import { deleteNode } from './delete-node.ts';
import { cordon, drain, uncordon } from './host-requests.ts';
import { init } from './init.ts';
import { join } from './join.ts';
import { labelNode } from './label-node.ts';
import { layDown } from './lay-down.ts';
import { prepare } from './prepare.ts';
import { renew } from './renew.ts';
import { services } from './services.ts';
import { smokeImage, smokeTest } from './smoke-test.ts';
import { snapshot } from './snapshot.ts';
import { stage } from './stage.ts';
import { updateEtcd, upgrade } from './upgrade.ts';
import { userCertificate } from './user-certificate.ts';

const byKind: Readonly<Record<GoalKind, Goal>> = {
  stage,
  prepare,
  'cluster-keys': clusterKeys,
  init,
  credentials,
  join,
  'forget-credentials': forgetCredentials,
  snapshot,
  'copy-snapshot': copySnapshot,
  defragment,
  'smoke-image': smokeImage,
  'smoke-test': smokeTest,
  'user-certificate': userCertificate,
  'delete-node': deleteNode,
  'label-node': labelNode,
  'lay-down': layDown,
  upgrade,
  'update-etcd': updateEtcd,
  renew,
  services,
  'change-host': changeHost,
  'take-back': takeBack,
  cordon,
  drain,
  uncordon,
};

export const goals: readonly Goal[] = Object.values(byKind);
