// Who a caller is: what the verified certificate says, and nothing the request says. The TLS layer
// has checked the chain when the connection was made; dates are judged at every call, because a
// connection may outlive its certificate.
import { X509Certificate } from 'node:crypto';
import { isOf } from '../../shared/alphabets.ts';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { asNodeId, type NodeId } from '../../shared/model/ids.ts';
import { NODE_UNIT, OPERATOR_UNIT } from '../keys/keys.ts';
import { type OperatorRole, operatorRoles } from '../store/records.ts';

export type Peer =
  | { readonly kind: 'node'; readonly nodeId: NodeId; readonly publicKey: string }
  | {
      readonly kind: 'operator';
      readonly name: string;
      readonly role: OperatorRole;
      readonly publicKey: string;
    };

/** @throws AppError unauthenticated, with the reason. */
export function identifyPeer(certificate: Buffer | null, now: number): Peer {
  if (certificate === null) {
    throw refuse(
      'this call needs a certificate of this fleet; the caller showed none that is valid',
    );
  }
  const { peer, notBeforeMs, notAfterMs } = shownBy(certificate);
  if (now < notBeforeMs) {
    throw refuse(
      `the caller's certificate is not valid before ${new Date(notBeforeMs).toISOString()}`,
    );
  }
  if (now >= notAfterMs) {
    throw refuse(`the caller's certificate expired at ${new Date(notAfterMs).toISOString()}`);
  }
  return peer();
}

export interface CertificateDates {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Of the certificate that a call came with. */
export function presentedDates(certificate: Buffer): CertificateDates {
  const { notBeforeMs, notAfterMs } = shownBy(certificate);
  return { notBeforeMs, notAfterMs };
}

/** What a certificate says, whatever the time is. */
interface Shown extends CertificateDates {
  /** @throws AppError unauthenticated when it is nobody's. */
  readonly peer: () => Peer;
}

/** Members show the same one at every call, and reading it costs more than the rest of the guard. */
const shown = new Map<string, Shown>();
const mostShown = 4_096;

function shownBy(certificate: Buffer): Shown {
  const key = certificate.toString('latin1');
  const known = shown.get(key);
  if (known !== undefined) return known;
  const parsed = new X509Certificate(certificate);
  const peer = peerOf(parsed);
  const fresh: Shown = {
    notBeforeMs: parsed.validFromDate.getTime(),
    notAfterMs: parsed.validToDate.getTime(),
    peer: () => {
      if (peer instanceof AppError) throw peer;
      return peer;
    },
  };
  if (shown.size >= mostShown) shown.clear();
  shown.set(key, fresh);
  return fresh;
}

function peerOf(certificate: X509Certificate): Peer | AppError {
  const subject = parseSubject(certificate.subject);
  const name = subject.get('CN') ?? '';
  const unit = subject.get('OU');
  if (unit === NODE_UNIT) return nodePeer(certificate, name);
  if (unit === OPERATOR_UNIT) return operatorPeer(certificate, name, subject.get('O') ?? '');
  return refuse(`a certificate of unit ${unit ?? 'none'} is for neither a node nor an operator`);
}

function nodePeer(certificate: X509Certificate, name: string): Peer | AppError {
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  if (sha256Hex(spki).slice(0, 16) !== name) {
    return refuse("the caller's certificate names another node than its key");
  }
  return { kind: 'node', nodeId: asNodeId(name), publicKey: spki.toString('base64') };
}

/** A role that nobody has heard of is nobody's, and not the least one. */
function operatorPeer(
  certificate: X509Certificate,
  name: string,
  organization: string,
): Peer | AppError {
  const role = operatorRoles.find((candidate) => organization === `muster:${candidate}`);
  if (role === undefined || !isOf('operatorName', name)) {
    return refuse(`the caller's certificate names no operator with a role that is known here`);
  }
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  return { kind: 'operator', name, role, publicKey: spki.toString('base64') };
}

const refuse = (text: string): AppError => new AppError('unauthenticated', text);

/** node prints one attribute a line, with backslashes before what would be ambiguous. */
export function parseSubject(subject: string): ReadonlyMap<string, string> {
  const rows = subject.split('\n').map((row) => {
    const at = row.indexOf('=');
    return [row.slice(0, at), row.slice(at + 1).replaceAll('\\', '')] as const;
  });
  return new Map(rows);
}

/** The address of `10.0.0.7:40312`, with IPv4 in its plain form; a socket's path as it is. */
export function addressOf(peerAddress: string): string {
  const at = peerAddress.lastIndexOf(':');
  const host = at < 0 ? peerAddress : peerAddress.slice(0, at);
  return host.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=\d+\.)/, '');
}
