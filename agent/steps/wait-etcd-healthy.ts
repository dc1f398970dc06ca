// Gate H over etcd: every expected member answers a linearizable read, all tell the same member list
// and it is the expected one, there is one leader, and no alarm.
import type { EtcdEndpoint, StepArgs } from '../../shared/model/step.ts';
import {
  type EndpointHealth,
  type EndpointStatus,
  jsonIn,
  type MemberList,
  readEtcd,
} from './etcdctl.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, type Probe, patient, waits, waitUntil } from './wait-until.ts';

type Args = StepArgs['wait-etcd-healthy'];

export const waitEtcdHealthy: StepRunner<'wait-etcd-healthy'> = {
  kind: 'wait-etcd-healthy',
  title: ({ members }) => `wait until etcd is healthy (${members.length} members)`,

  check: async (args, context) => {
    const probe = await patient(() => gate(args, context));
    if (probe.kind === 'done') return { kind: 'satisfied', note: probe.value };
    return { kind: 'needed', why: probe.for };
  },

  apply: async (args, context) => {
    const note = await waitUntil(context, { everyMs: 200, probe: () => gate(args, context) });
    return { note };
  },

  // The gate was green a moment ago; asking again proves no more.
  verify: async () => {},
};

async function gate(args: Args, context: StepContext): Promise<Probe<string>> {
  const { members, credentials } = args;
  const all = { endpoints: members.map(({ clientUrl }) => clientUrl), credentials };
  // A linearizable get at each endpoint, and the alarms, in one process.
  const answers = await readEtcd(context, all, ['endpoint', 'health', '--write-out=json']);
  const unhealthy = unhealthyMembers(members, jsonIn<readonly EndpointHealth[]>(answers.stdout));
  if (unhealthy !== null) return waits(unhealthy);
  const [status, ...lists] = await Promise.all([
    readEtcd(context, all, ['endpoint', 'status', '--write-out=json']),
    ...members.map(({ clientUrl }) =>
      readEtcd(context, { endpoints: [clientUrl], credentials }, [
        'member',
        'list',
        '--write-out=json',
      ]),
    ),
  ]);
  const fault =
    statusFault(members, jsonIn<readonly EndpointStatus[]>(status.stdout)) ??
    listFault(
      members,
      lists.map(({ stdout }) => jsonIn<MemberList>(stdout)),
    );
  if (fault !== null) return waits(fault);
  return done(`${members.length} of ${members.length} etcd members are healthy`);
}

function unhealthyMembers(
  members: readonly EtcdEndpoint[],
  answers: readonly EndpointHealth[] | null,
): string | null {
  const silent = members.filter(({ clientUrl }) => {
    return answers?.find(({ endpoint }) => endpoint === clientUrl)?.health !== true;
  });
  if (silent.length === 0) return null;
  const named = silent.map(({ name, clientUrl }) => {
    const error = answers?.find(({ endpoint }) => endpoint === clientUrl)?.error;
    return error === undefined ? name : `${name} (${shortened(error)})`;
  });
  return `etcd members that do not answer a linearizable read: ${named.join(', ')}`;
}

/** The member list of every member has to be the expected one, so that all are alike. */
function listFault(
  members: readonly EtcdEndpoint[],
  lists: readonly (MemberList | null)[],
): string | null {
  const expected = members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).sort();
  for (const [index, list] of lists.entries()) {
    const teller = members[index]?.name ?? '';
    if (list === null) return `etcd member ${teller} does not tell its member list`;
    if (list.members.some(({ isLearner }) => isLearner === true)) {
      return `etcd member ${teller} knows of a learner`;
    }
    const told = list.members.map(
      ({ name, peerURLs }) => `${name ?? ''}=${(peerURLs ?? []).join('+')}`,
    );
    if (told.sort().join() !== expected.join()) {
      return `etcd member ${teller} lists ${told.join(', ')} and not ${expected.join(', ')}`;
    }
  }
  return null;
}

function statusFault(
  members: readonly EtcdEndpoint[],
  statuses: readonly EndpointStatus[] | null,
): string | null {
  if (statuses === null || statuses.length !== members.length)
    return 'etcd does not tell its status';
  const leaders = new Set(statuses.map(({ Status }) => String(Status.leader ?? 0)));
  if (leaders.size !== 1) return 'etcd members disagree about who leads them';
  const leader = [...leaders][0] ?? '0';
  const isMember = statuses.some(({ Status }) => String(Status.header.member_id) === leader);
  if (!isMember) return 'etcd has no leader';
  const errors = statuses.flatMap(({ Status }) => Status.errors ?? []);
  return errors.length === 0 ? null : `etcd raises an alarm: ${errors.join('; ')}`;
}

const shortened = (text: string): string => (text.length > 160 ? `${text.slice(0, 160)}…` : text);
