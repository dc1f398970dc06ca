// Who a caller is: what the verified certificate says, and nothing the request says. The TLS layer
// has checked the chain when the connection was made; dates are judged at every call, because a
// connection may outlive its certificate.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import { AppError } from '../../shared/errors.ts';
import { asNodeId, type NodeId } from '../../shared/model/ids.ts';
import { quoted } from '../../shared/plain-text.ts';
import { NODE_UNIT, OPERATOR_UNIT, type OperatorRole } from '../keys/keys.ts';

export type Peer =
  | { readonly kind: 'node'; readonly nodeId: NodeId; readonly publicKey: string }
  | { readonly kind: 'operator'; readonly name: string; readonly role: OperatorRole };

/** @throws AppError unauthenticated, with the reason. */
export function identifyPeer(certificate: Buffer | null, now: number): Peer {
  if (certificate === null) {
    throw refuse(
      'this call needs a certificate of this fleet; the caller showed none that is valid',
    );
  }
  const parsed = new X509Certificate(certificate);
  if (now < parsed.validFromDate.getTime()) {
    throw refuse(
      `the caller's certificate is not valid before ${parsed.validFromDate.toISOString()}`,
    );
  }
  if (now >= parsed.validToDate.getTime()) {
    throw refuse(`the caller's certificate expired at ${parsed.validToDate.toISOString()}`);
  }
  const subject = parseSubject(parsed.subject);
  const name = subject.get('CN') ?? '';
  const unit = subject.get('OU');
  if (unit === NODE_UNIT) return nodePeer(parsed, name);
  if (unit === OPERATOR_UNIT) {
    const role = roles.get(subject.get('O') ?? '');
    if (role !== undefined) return { kind: 'operator', name, role };
    throw refuse(`the certificate of ${quoted(name)} names no role that is known here`);
  }
  throw refuse(`a certificate of unit ${unit ?? 'none'} is for neither a node nor an operator`);
}

function nodePeer(certificate: X509Certificate, name: string): Peer {
  const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
  if (sha256Hex(spki).slice(0, 16) !== name) {
    throw refuse("the caller's certificate names another node than its key");
  }
  return { kind: 'node', nodeId: asNodeId(name), publicKey: spki.toString('base64') };
}

const refuse = (text: string): AppError => new AppError('unauthenticated', text);

const roles: ReadonlyMap<string, OperatorRole> = new Map([
  ['muster:admin', 'admin'],
  ['muster:viewer', 'viewer'],
]);

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
