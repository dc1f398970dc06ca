// A caller that does not speak gRPC as its library does: it begins messages and does not end them,
// declares other sizes than it sends, and cuts what it says into pieces of any size.
import { once } from 'node:events';
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
  await Promise.race([once(session, 'remoteSettings'), once(session, 'close')]);
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

/** However it ends: cut off, or in order. */
export function closed(connection: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => connection.once('close', () => resolve()));
}
