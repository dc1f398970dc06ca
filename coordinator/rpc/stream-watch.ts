// Counts every request of a connection where it begins, below gRPC: one for a method that is not there,
// or that is no gRPC at all, is answered by the library and comes to none of our own doors.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import { type Buckets, createBuckets, type Rate } from '../limits/buckets.ts';

/** Of the whole process; older versions of Node say nothing on it. */
const channel = 'http2.server.stream.created';

export interface StreamWatch {
  /** From now on: so many requests, of this connection. */
  watch(socket: TLSSocket, rate: Rate): void;
  close(): void;
}

/** @param end ends a connection, by its address and port */
export function watchStreams(
  clock: Pick<Clock, 'boot'>,
  end: (peer: string, why: string) => void,
): StreamWatch {
  const watched = new Map<string, Buckets>();
  const count = (message: unknown): void => {
    const { stream } = message as { readonly stream: ServerHttp2Stream };
    const peer = peerOf(stream.session?.socket);
    if (watched.get(peer)?.take('') === 0) end(peer, 'requests too often');
  };
  subscribe(channel, count);
  return {
    watch(socket, rate) {
      const peer = peerOf(socket);
      const own = createBuckets(rate, clock, 1);
      watched.set(peer, own);
      socket.once('close', () => {
        if (watched.get(peer) === own) watched.delete(peer);
      });
    },
    close: () => {
      unsubscribe(channel, count);
      watched.clear();
    },
  };
}

type Addressed = Pick<Socket, 'remoteAddress' | 'remotePort'>;

const peerOf = (socket: Addressed | undefined): string =>
  `${socket?.remoteAddress ?? ''}:${String(socket?.remotePort ?? 0)}`;
