// The open port's door: every connection waits its turn, shakes hands by TLS 1.3, and is shown into the
// room of those whose certificate it brought. What a room's guests may hold open, for how long and how
// much they may say is limited here, where nobody has to be trusted: below gRPC and HTTP/2.
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ServerIdentity } from '../../shared/rpc/tls.ts';
import { Crowd, type CrowdLimits } from '../limits/crowd.ts';
import { sourceOf } from '../limits/source.ts';
import { Line, type LineLimits } from './line.ts';
import { addressOf } from './peer.ts';
import { type Standing, standingOf } from './standing.ts';

export interface RoomLimits extends CrowdLimits {
  /** Of one connection: what it may send at once, and what more in every second after that. */
  readonly bytesAtOnce: number;
  readonly bytesPerSecond: number;
  /** How long one connection lasts, however it is used. @default no end */
  readonly longestMs?: number;
}

export interface DoorLimits {
  readonly line: LineLimits;
  readonly handshakeMs: number;
  readonly rooms: Readonly<Record<Standing['kind'], RoomLimits>>;
}

const mib = 1024 * 1024;

/**
 * A stranger has one thing to do, to join, which takes two small calls. An agent has one connection,
 * and for a moment two when it renewed its certificate or was cut off.
 */
export const doorLimits: DoorLimits = {
  line: { rate: { burst: 50, perSecond: 150 }, each: 32, inAll: 2_000 },
  handshakeMs: 10_000,
  rooms: {
    stranger: {
      each: 48,
      inAll: 192,
      bytesAtOnce: 160 * 1024,
      bytesPerSecond: 0,
      longestMs: 30_000,
    },
    node: { each: 4, inAll: 5_000, bytesAtOnce: 16 * mib, bytesPerSecond: 2 * mib },
    operator: { each: 32, inAll: 1_000, bytesAtOnce: 64 * mib, bytesPerSecond: 4 * mib },
  },
};

export interface DoorOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly identity: ServerIdentity;
  readonly clock: Pick<Clock, 'boot' | 'now'>;
  readonly log: Logger;
  /** @default doorLimits */
  readonly limits?: DoorLimits;
  /** Takes over a connection whose handshake is done. */
  readonly enter: (kind: Standing['kind'], socket: TLSSocket) => void;
}

export interface Door {
  readonly port: number;
  /** Whoever comes from now on is shown this certificate. */
  show(identity: ServerIdentity): void;
  /** Ends the connection of a caller: address and port, as gRPC tells them. */
  end(peer: string): void;
  /** Nobody new comes in; who is inside stays. */
  shut(): void;
  /** Ends every connection that is left. */
  close(): Promise<void>;
}

const meterMs = 250;

/** One connection, from the moment it was accepted. */
class Visitor {
  readonly raw: Socket;
  readonly source: string;
  readonly peer: string;
  private heardBytes = 0;
  private heaped = 0;
  limit: RoomLimits;
  private timer: NodeJS.Timeout | null = null;

  constructor(raw: Socket, limit: RoomLimits) {
    this.raw = raw;
    this.limit = limit;
    this.peer = `${raw.remoteAddress ?? ''}:${String(raw.remotePort ?? 0)}`;
    this.source = sourceOf(addressOf(this.peer));
  }

  end(): void {
    this.raw.destroy();
  }

  /** What was said beyond the steady rate runs off slowly; too much of it ends the connection. */
  meter(sinceMs: number): void {
    const { bytesRead } = this.raw;
    const ranOff = (sinceMs * this.limit.bytesPerSecond) / 1000;
    this.heaped = Math.max(0, this.heaped + bytesRead - this.heardBytes - ranOff);
    this.heardBytes = bytesRead;
    if (this.heaped > this.limit.bytesAtOnce) this.end();
  }

  endAfter(ms: number | undefined): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (ms === undefined) return;
    this.timer = setTimeout(() => this.end(), ms);
    this.timer.unref();
  }
}

/** @throws AppError unavailable when the port is taken. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const limits = options.limits ?? doorLimits;
  const { rooms } = limits;
  const crowds = {
    stranger: new Crowd<Visitor>(rooms.stranger),
    node: new Crowd<Visitor>(rooms.node),
    operator: new Crowd<Visitor>(rooms.operator),
  };
  const byPeer = new Map<string, Visitor>();

  const shown = ({ caPem, chainPem, keyPem }: ServerIdentity) =>
    ({ ca: caPem, cert: chainPem, key: keyPem, minVersion: 'TLSv1.3' }) as const;
  const handshakes = createTlsServer({
    ...shown(options.identity),
    // Asked for, not demanded: strangers have none, and no call of theirs but a join is answered.
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: limits.handshakeMs,
  });
  // A scanner's broken handshake is its own business.
  handshakes.on('tlsClientError', (error, socket) => {
    options.log.debug({ err: error }, 'tls handshake failed');
    socket.destroy();
  });
  handshakes.on('secureConnection', (socket) => {
    socket.on('error', (error) => options.log.debug({ err: error }, 'connection broke'));
    const peer = `${socket.remoteAddress ?? ''}:${String(socket.remotePort ?? 0)}`;
    const visitor = byPeer.get(peer);
    if (visitor === undefined || visitor.raw.destroyed || socket.alpnProtocol !== 'h2') {
      socket.end();
      return;
    }
    const certificate = socket.authorized ? socket.getPeerCertificate().raw : undefined;
    const standing = standingOf(certificate ?? null);
    show(visitor, standing);
    options.enter(standing.kind, socket);
  });

  /** Everybody is a stranger until the handshake says otherwise. */
  const show = (visitor: Visitor, { kind, name }: Standing): void => {
    if (kind === 'stranger') return;
    crowds.stranger.leave(visitor.source, visitor);
    visitor.limit = rooms[kind];
    visitor.endAfter(visitor.limit.longestMs);
    visitor.raw.once('close', () => crowds[kind].leave(name, visitor));
    crowds[kind].enter(name, visitor);
  };
  const letIn = (visitor: Visitor): void => {
    if (visitor.raw.destroyed) return;
    byPeer.set(visitor.peer, visitor);
    crowds.stranger.enter(visitor.source, visitor);
    visitor.endAfter(rooms.stranger.longestMs);
    handshakes.emit('connection', visitor.raw);
  };
  const line = new Line<Visitor>(limits.line, options.clock, letIn);

  // Nothing is read from a connection that waits in the line.
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (raw) => {
    const visitor = new Visitor(raw, rooms.stranger);
    raw.on('error', (error) => options.log.debug({ err: error }, 'connection broke'));
    raw.once('close', () => {
      visitor.endAfter(undefined);
      if (byPeer.get(visitor.peer) === visitor) byPeer.delete(visitor.peer);
      crowds.stranger.leave(visitor.source, visitor);
    });
    line.join(visitor.source, visitor);
  });
  let meteredMs = options.clock.boot();
  const meter = setInterval(() => {
    const now = options.clock.boot();
    for (const visitor of byPeer.values()) visitor.meter(now - meteredMs);
    meteredMs = now;
  }, meterMs);
  meter.unref();

  await listen(server, options);
  const address = server.address();
  let closed: Promise<void> | null = null;
  const door: Door = {
    port: address !== null && typeof address === 'object' ? address.port : options.port,
    show: (identity) => handshakes.setSecureContext(shown(identity)),
    end: (peer) => byPeer.get(peer)?.end(),
    shut: () => {
      closed ??= new Promise<void>((resolve) => server.close(() => resolve()));
      line.close();
    },
    close: async () => {
      door.shut();
      clearInterval(meter);
      for (const visitor of byPeer.values()) visitor.end();
      await closed;
    },
  };
  return door;
}

function listen(server: Server, { host, port }: DoorOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error): void => {
      const text = `cannot listen on ${host}:${String(port)}: ${cause.message}`;
      reject(new AppError('unavailable', text, { cause }));
    };
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.removeListener('error', fail);
      resolve();
    });
  });
}
