// The Operator service: every call of operator.proto, each a few lines over a file of operator/.
// Who may call is the guard's business, not this file's.
import { isIPv6 } from 'node:net';
import { AppError, isAbort } from '../../shared/errors.ts';
import { jsonToWire } from '../../shared/rpc/codec.ts';
import type { CreateTokenRequest__Output as WireTokenRequest } from '../../shared/rpc/generated/muster/v1/CreateTokenRequest.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import type { Handlers } from '../../shared/rpc/handler.ts';
import { type CreatedToken, DEFAULT_TOKEN_TTL_MS } from '../enrollment/tokens.ts';
import { matchesSubject } from '../events/event-feed.ts';
import { applySpec } from '../operator/apply.ts';
import { changeNode } from '../operator/change-node.ts';
import { changeRollout } from '../operator/change-rollout.ts';
import { findPool } from '../operator/clusters.ts';
import type { OperatorDependencies } from '../operator/dependencies.ts';
import { requestEtcdTask } from '../operator/etcd-tasks.ts';
import { explain } from '../operator/explain.ts';
import { getDocuments } from '../operator/get.ts';
import { requestOfHost } from '../operator/host-requests.ts';
import { setRecoveryKey } from '../operator/recovery-key.ts';
import { requestRenewal } from '../operator/request-renewal.ts';
import { changeOrTimeout, requestCertificate, requestSmokeTest } from '../operator/requests.ts';
import { retry } from '../operator/retry.ts';
import { keys, type NodeRecord, type PlanRecord } from '../store/records.ts';
import { isJoinFormat, joinMaterial } from '../web/join-material.ts';

export type { OperatorDependencies } from '../operator/dependencies.ts';

const pollMs = 20_000;
const linesAtOnce = 2_000;

export function operatorHandlers(
  deps: OperatorDependencies & { readonly caller: string },
): Handlers<OperatorDefinition> {
  return {
    Version: async () => ({ version: deps.version, fleet: deps.fleet }),

    Apply: async (request) => {
      const lock = request.artifactLock.length === 0 ? null : request.artifactLock.toString('utf8');
      const { specYaml, dryRun, ignore } = request;
      const { result, messages } = await applySpec(deps, { specYaml, dryRun, ignore, lock });
      return { result, messages: [...messages] };
    },

    Get: async ({ kind, name }) => {
      // Before the documents: a change in between is seen by the next Watch.
      const revision = await deps.store.revision();
      const documents = await getDocuments(deps, kind, name);
      return { documents: documents.map(jsonToWire), revision };
    },

    Watch: async ({ revision }, { signal }) => {
      await changeOrTimeout({
        store: deps.store,
        clock: deps.clock,
        after: revision,
        ms: pollMs,
        signal,
      });
      return { revision: await deps.store.revision() };
    },

    Explain: async ({ node }) => {
      const { lines, hosts, measured, measuredMs } = await explain(deps, node);
      const oldestMs = measuredMs === null ? 0 : deps.clock.now() - measuredMs;
      return { waits: lines.map(jsonToWire), hosts, measured, oldestMs };
    },

    CreateToken: async (request) => {
      const { text, record } = await mintToken(deps, request);
      return { token: text, id: record.id, uses: record.uses, expiresMs: record.expiresMs };
    },

    ChangeToken: async ({ id, action, ttlSeconds }) => {
      if (action === 'revoke') await deps.tokens.change(id, { action });
      else if (action === 'extend')
        await deps.tokens.change(id, { action, ttlMs: ttlOf(ttlSeconds) });
      else throw new AppError('usage', `a token can be revoked or extended, not "${action}"`);
      return {};
    },

    JoinMaterial: async ({ token, format }) => {
      if (!isJoinFormat(format))
        throw new AppError('usage', `"${format}" is not a format: shell or cloud-init`);
      const agentSha256 = await deps.join.agentSha256();
      if (Object.keys(agentSha256).length === 0) {
        throw new AppError(
          'refused',
          'the coordinator has no agent to give out: start it with `coordinator serve --agent-binary PATH`',
        );
      }
      if (token === null) throw new AppError('usage', 'a pool is needed');
      const { text, record } = await mintToken(deps, token);
      const material = joinMaterial({
        ...deps.join,
        agentSha256,
        token: text,
        nodeName: record.nodeName,
        format,
      });
      return { text: material, tokenId: record.id, uses: record.uses, expiresMs: record.expiresMs };
    },

    Logs: async ({ subject, after, follow }, { signal }) => {
      await checkSubject(deps, subject);
      const matches = matchesSubject(subject);
      const until = deps.clock.boot() + pollMs;
      let page = deps.feed.read(after, matches);
      while (follow && page.lines.length === 0 && deps.clock.boot() < until) {
        await feedOrTimeout(deps, { after: page.next, ms: until - deps.clock.boot(), signal });
        page = deps.feed.read(page.next, matches);
      }
      const lines = page.lines.slice(0, linesAtOnce);
      const isCut = lines.length < page.lines.length;
      return {
        lines: lines.map(jsonToWire),
        next: isCut ? (lines.at(-1)?.cursor ?? after) : page.next,
      };
    },

    ChangeNode: async ({ action, name, dryRun, confirmed }) => {
      const change = { action, name, isDryRun: dryRun, isConfirmed: confirmed };
      return { messages: [...(await changeNode(deps, change))] };
    },

    ChangeRollout: async ({ action, node }) => ({
      messages: [...(await changeRollout(deps, { action, node, by: deps.caller }))],
    }),

    RenewCertificates: async ({ node, runId }, { signal }) =>
      await requestRenewal(deps, { node, runId }, signal),

    Retry: async ({ node }) => {
      await retry(deps, node);
      return {};
    },

    Kubeconfig: async ({ csrPem, user, ttlSeconds }, { signal }) =>
      await requestCertificate(deps, { csrPem, user, ttlSeconds }, signal),

    SmokeTest: async ({ runId }, { signal }) => await requestSmokeTest(deps, runId, signal),

    CordonNode: async (request, { signal }) => {
      const { state, lines } = await requestOfHost(deps, request, signal);
      return { state, lines: [...lines] };
    },

    EtcdTask: async ({ task, runId }, { signal }) => {
      const { lines, ...reply } = await requestEtcdTask(deps, { task, runId }, signal);
      return { ...reply, lines: [...lines] };
    },

    SetRecoveryKey: async ({ publicKey, replace }) =>
      await setRecoveryKey(deps, { publicKey, mayReplace: replace }),

    AddOperator: async ({ name, role, ttlSeconds, certificateTtlSeconds }) => {
      const ttlMs = ttlSeconds * 1000;
      const certificateTtlMs = certificateTtlSeconds * 1000;
      const { token, record } = await deps.access.add({ name, role, ttlMs, certificateTtlMs });
      const addresses = deps.join.addresses.map((host) => hostPort(host, deps.join.grpcPort));
      return { token, expiresMs: record.login?.expiresMs ?? 0, addresses };
    },

    RevokeOperator: async ({ name }) => {
      await deps.access.revoke(name);
      return {};
    },

    RenewOperator: async ({ csr }) => ({ certificatePem: await deps.access.renew(csr) }),
  };
}

const hostPort = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

const ttlOf = (ttlSeconds: number): number =>
  ttlSeconds === 0 ? DEFAULT_TOKEN_TTL_MS : ttlSeconds * 1000;

async function mintToken(
  deps: OperatorDependencies,
  request: WireTokenRequest,
): Promise<CreatedToken> {
  const { cluster, pool } = await findPool(deps.store, request.pool);
  return await deps.tokens.create({
    cluster: cluster.name,
    pool,
    ttlMs: ttlOf(request.ttlSeconds),
    uses: request.uses,
    nodeName: request.nodeName === '' ? null : request.nodeName,
    sourceRange: request.sourceRange === '' ? null : request.sourceRange,
    standing: request.standing,
  });
}

async function checkSubject(deps: OperatorDependencies, subject: string): Promise<void> {
  if (subject === '') return;
  const [plan = '', step] = subject.split('/');
  const found = await deps.store.get<PlanRecord>(keys.plan(plan));
  if (found !== null) {
    const steps = found.value.steps.map(({ stepId }) => stepId);
    if (step === undefined || steps.some((id) => id === step)) return;
    throw new AppError(
      'not-found',
      `plan ${plan} has no step ${step}; it has: ${steps.join(', ')}`,
    );
  }
  const nodes = await deps.store.range<NodeRecord>(keys.nodes);
  if (nodes.some((stored) => stored.value.name === subject)) return;
  throw new AppError(
    'not-found',
    `there is no node, plan or plan/step ${subject}; \`get nodes\` and \`get plans\` list what there is`,
  );
}

async function feedOrTimeout(
  deps: OperatorDependencies,
  wait: { readonly after: number; readonly ms: number; readonly signal: AbortSignal },
): Promise<void> {
  const { feed, clock } = deps;
  try {
    await changeOrTimeout({ store: feed, clock, ...wait });
  } catch (thrown) {
    if (!isAbort(thrown)) throw thrown;
    wait.signal.throwIfAborted();
  }
}
