// PUT and HEAD of /snapshots/PLAN/STEP on the https port, with the node's certificate: how a file that a
// plan names gets from a member to the coordinator, in pieces, and goes on where it was cut off.
//
//   HEAD                                   200, upload-offset: bytes that are there
//   PUT, content-range: bytes A-B/SIZE     200 with the new offset; 201: complete, and of the right digest
//                                          409 with the offset where the next piece has to begin
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { unreachable } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { CallContext } from '../../shared/rpc/handler.ts';
import type { AuditLog } from '../events/audit-log.ts';
import type { Plans } from '../plan-records/plans.ts';
import { formatBytes } from '../presence/format-bytes.ts';
import type { Members } from '../rpc/members.ts';
import { findTarget } from '../snapshots/find-target.ts';
import type { PieceEnd, SnapshotFolder, UploadTarget } from '../snapshots/snapshot-folder.ts';
import type { NodeRecord } from '../store/records.ts';
import { closeAfterBody } from './request-body.ts';

export interface UploadDependencies {
  readonly members: Members;
  readonly plans: Pick<Plans, 'get' | 'envelope'>;
  readonly folder: SnapshotFolder;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly log: Logger;
}

/** False: the path is none of an upload, and nothing was answered. */
export type AnswerUpload = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const pathForm = /^\/snapshots\/([A-Za-z0-9-]{1,64})\/([a-z0-9][a-z0-9.-]{0,62})$/;
const rangeForm = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/;

export const answerUploads =
  (deps: UploadDependencies): AnswerUpload =>
  async (request, response) => {
    const [, planId, stepId] = pathForm.exec(request.url ?? '') ?? [];
    if (planId === undefined || stepId === undefined) return false;
    if (request.method !== 'PUT' && request.method !== 'HEAD') {
      response.setHeader('allow', 'HEAD, PUT');
      say(response, 405, 'only HEAD and PUT');
      return true;
    }
    const caller = await callerOf(deps, request, response);
    if (caller === null) return true;
    const found = await findTarget(deps.plans, caller, { planId, stepId });
    switch (found.kind) {
      case 'refused':
        deps.log.warn({ nodeId: caller.id, planId, why: found.why }, 'an upload is refused');
        say(response, 403, found.why);
        return true;
      case 'not-yet':
        response.setHeader('retry-after', '1');
        say(response, 503, 'the plan is not known to run yet: ask again');
        return true;
      case 'found':
        if (request.method === 'HEAD') await tellOffset(deps, found.target, { request, response });
        else await takePiece(deps, { caller, target: found.target }, { request, response });
        return true;
      default:
        return unreachable(found);
    }
  };

/** Null: nobody that may call; that was answered. */
async function callerOf(
  { members }: UploadDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<NodeRecord | null> {
  const socket = request.socket as TLSSocket;
  const certificate = socket.authorized ? socket.getPeerCertificate().raw : undefined;
  const context: CallContext = {
    peerCertificate: certificate ?? null,
    peerAddress: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`,
    signal: new AbortController().signal,
  };
  try {
    await members.guard(context, 'Upload');
    return members.caller(context);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : 'not a member';
    say(response, 403, message);
    return null;
  }
}

async function tellOffset(
  { folder }: UploadDependencies,
  target: UploadTarget,
  { request, response }: Exchange,
): Promise<void> {
  closeAfterBody(request, response);
  response.setHeader('upload-offset', await folder.offset(target));
  response.writeHead(200).end();
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

interface Upload {
  readonly caller: NodeRecord;
  readonly target: UploadTarget;
}

async function takePiece(
  deps: UploadDependencies,
  { caller, target }: Upload,
  { request, response }: Exchange,
): Promise<void> {
  const [, first, last, size] = rangeForm.exec(request.headers['content-range'] ?? '') ?? [];
  const start = Number(first);
  const bytes = Number(last) - start + 1;
  const said = Number(request.headers['content-length'] ?? bytes);
  if (first === undefined || bytes < 1 || Number(size) !== target.bytes || said !== bytes) {
    say(
      response,
      400,
      `content-range has to be bytes FIRST-LAST/${target.bytes}, and so many have to come`,
    );
    return;
  }
  const cancel = (): void => void request.destroy();
  const end = await deps.folder.take(target, { start, bytes, content: request, cancel });
  if (end.kind === 'complete') {
    const { id, sha256, cluster } = target;
    const stored = { nodeId: caller.id, cluster, snapshot: id, sha256, bytes: target.bytes };
    await deps.audit.append('snapshot-stored', stored);
  }
  // What it had to send was taken from it, or the connection ends: the next piece comes on this one.
  if (!request.complete) closeAfterBody(request, response);
  tellEnd(end, target, response);
}

function tellEnd(end: PieceEnd, target: UploadTarget, response: ServerResponse): void {
  switch (end.kind) {
    case 'complete':
      response.setHeader('upload-offset', target.bytes);
      response.writeHead(201).end();
      return;
    case 'stored':
    case 'elsewhere':
      response.setHeader('upload-offset', end.offset);
      if (end.kind === 'stored') response.writeHead(200).end();
      else say(response, 409, `the next piece begins at ${end.offset}`);
      return;
    case 'too-long':
      say(response, 413, `the plan names ${target.bytes} bytes, and that is more`);
      return;
    case 'wrong-digest':
      say(response, 422, `sha256 is ${end.seen}, and the plan names ${target.sha256}`);
      return;
    case 'no-room':
      say(
        response,
        507,
        `the coordinator's disk has ${formatBytes(end.freeBytes)} free: too little for ${formatBytes(target.bytes)} and what it needs itself`,
      );
      return;
    default:
      unreachable(end);
  }
}

/** What is left of a body that was refused is not read. */
function say(response: ServerResponse, code: number, text: string): void {
  response.setHeader('connection', 'close');
  response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
