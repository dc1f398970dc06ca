// Who gets in at the https port, and how often he may ask. It answers strangers in the thread that also
// answers polls, so its connections wait in a line of their own for the handshake, a source has its share
// of the room and of the requests, and nobody asks again before he took what he asked for.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Clock } from '../../shared/clock.ts';
import { createBuckets, type Rate } from '../limits/buckets.ts';
import { Crowd, type CrowdLimits, type Guest } from '../limits/crowd.ts';
import { sourceOf } from '../limits/source.ts';
import { Line, type LineLimits } from '../rpc/line.ts';
import { addressOf } from '../rpc/peer.ts';

export interface WebLimits {
  readonly line: LineLimits;
  /** Open at once. */
  readonly room: CrowdLimits;
  /** Of one source. */
  readonly requests: Rate;
}

/** A pool behind one address fetches with a connection or more of each host, thirty files each. */
export const webLimits: WebLimits = {
  line: { rate: { burst: 300, perSecond: 200 }, each: 500, inAll: 2_000 },
  room: { each: 500, inAll: 2_000 },
  requests: { burst: 2_000, perSecond: 100 },
};

/** What becomes of a request before it is read. */
export type Admission = 'may' | 'too-often' | 'ended';

export interface WebDoor {
  /** Waits until what was asked before on this connection is answered. */
  admit(request: IncomingMessage, response: ServerResponse): Promise<Admission>;
  close(): void;
}

interface Visitor extends Guest {
  readonly raw: Socket;
}

/** Requests of one connection that are not answered to their end. */
interface Asked {
  count: number;
  /** Of all that came before. */
  answered: Promise<void>;
}

/** Whoever has the last byte asks for the next file before we have noticed that this one ended. */
const mostAsked = 2;

/** Takes the connections of a server that does not listen yet. */
export function createWebDoor(
  server: Server,
  limits: WebLimits,
  clock: Pick<Clock, 'boot'>,
): WebDoor {
  const crowd = new Crowd<Visitor>(limits.room);
  const requests = createBuckets(limits.requests, clock);
  const asked = new WeakMap<Socket, Asked>();

  const shakeHands = server.listeners('connection');
  server.removeAllListeners('connection');
  const letIn = (guest: Visitor): void => {
    const { raw } = guest;
    if (raw.destroyed) return;
    const source = sourceOfSocket(raw);
    raw.once('close', () => crowd.leave(source, guest));
    crowd.enter(source, guest);
    for (const listener of shakeHands) Reflect.apply(listener, server, [raw]);
  };
  const line = new Line<Visitor>(limits.line, clock, letIn);
  server.on('connection', (raw: Socket) => {
    raw.on('error', () => undefined);
    line.join(sourceOfSocket(raw), { raw, end: () => void raw.destroy() });
  });

  return {
    async admit({ socket }, response) {
      const own = asked.get(socket) ?? { count: 0, answered: Promise.resolve() };
      asked.set(socket, own);
      own.count += 1;
      const { answered } = own;
      // Each request sent ahead would hold a file and what was read of it, for one that reads nothing.
      if (own.count > mostAsked) socket.destroy();
      if (socket.destroyed) return 'ended';
      own.answered = new Promise((resolve) => {
        response.once('close', () => {
          own.count -= 1;
          resolve();
        });
      });
      await answered;
      if (socket.destroyed) return 'ended';
      return requests.take(sourceOfSocket(socket)) > 0 ? 'may' : 'too-often';
    },
    close: () => line.close(),
  };
}

const sourceOfSocket = (socket: Socket): string =>
  sourceOf(addressOf(`${socket.remoteAddress ?? ''}:0`));
