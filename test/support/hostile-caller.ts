// A caller that does not speak gRPC as its library does: it begins messages and does not end them,
// declares other sizes than it sends, and cuts what it says into pieces of any size.
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { COORDINATOR_NAME } from '../../shared/rpc/tls.ts';

export interface HostileTarget {
  readonly grpcPort: number;
  readonly caPem: string;
  /** Another address of the loopback is another source. @default 127.0.0.1 */
  readonly from?: string;
}

/** A TLS connection without a certificate that says nothing. */
export function openTls({ grpcPort, caPem, from }: HostileTarget): TLSSocket {
  const socket = connectTls({
    host: '127.0.0.1',
    port: grpcPort,
    ca: caPem,
    servername: COORDINATOR_NAME,
    ALPNProtocols: ['h2'],
    ...(from === undefined ? {} : { localAddress: from }),
  });
  socket.on('error', () => undefined);
  return socket;
}

export async function openHostile(target: HostileTarget): Promise<ClientHttp2Session> {
  const socket = openTls(target);
  const session = connect(`https://${COORDINATOR_NAME}`, { createConnection: () => socket });
  session.on('error', () => undefined);
  const settled = new Promise<void>((resolve) => session.once('remoteSettings', () => resolve()));
  await Promise.race([settled, closed(session)]);
  return session;
}

/** A stream of a call whose message is declared to have so many bytes; none of them is sent yet. */
export function beginMessage(
  session: ClientHttp2Session,
  method: string,
  declaredBytes: number,
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/muster.v1.${method}`,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.on('error', () => undefined);
  stream.resume();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(declaredBytes, 1);
  stream.write(prefix);
  return stream;
}

/** One whole call. @returns the reply's message; empty when there is none */
export async function callWhole(
  session: ClientHttp2Session,
  method: string,
  message: Uint8Array,
): Promise<Buffer> {
  const stream = beginMessage(session, method, message.length);
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  stream.end(message);
  await closed(stream);
  return Buffer.concat(parts).subarray(5);
}

/** However it ends: cut off, or in order. */
export function closed(connection: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => connection.once('close', () => resolve()));
}
