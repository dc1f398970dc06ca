// The gRPC servers of the coordinator: behind the open port's door a room each for strangers, agents
// and operators, and one for the local socket. All serve what is given; a room's limits are its own.
// They end in order: open polls first, then connections.
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import type { ServedService } from '../../shared/rpc/handler.ts';
import type { ServerIdentity } from '../../shared/rpc/tls.ts';
import type { Rate } from '../limits/buckets.ts';
import { UNFINISHED_MS, watchesCalls } from './call-watch.ts';
import { type DoorLimits, doorLimits, openDoor } from './door.ts';
import type { Standing } from './standing.ts';
import { watchStreams } from './stream-watch.ts';

export interface RpcServer {
  /** 0 for a socket. */
  readonly port: number;
  stop(): Promise<void>;
}

/** The one that everybody reaches. */
export interface OpenPortServer extends RpcServer {
  /** Whoever comes from now on is shown this certificate. */
  show(identity: ServerIdentity): void;
}

const kib = 1024;
const mib = 1024 * kib;

interface Room {
  /** A longer message is refused at its first bytes. */
  readonly longestMessage: number;
  /** Requests under way on one connection. */
  readonly streams: number;
  /** Begun on one connection. */
  readonly calls: Rate;
}

/**
 * What all streams of all connections of a room may hold is the product of three numbers, the third
 * being the connections that the door lets in. Facts of a host are 5 to 10 KiB; an agent that was cut
 * off sends its journal by the mebibyte.
 */
export const rooms: Readonly<Record<Standing['kind'], Room>> = {
  stranger: { longestMessage: 64 * kib, streams: 2, calls: { burst: 30, perSecond: 1 } },
  node: { longestMessage: 1280 * kib, streams: 10, calls: { burst: 500, perSecond: 50 } },
  operator: { longestMessage: 4 * mib, streams: 20, calls: { burst: 500, perSecond: 50 } },
};
/** Who may enter its folder may do all that the coordinator does. */
const socket = { longestMessage: 16 * mib, streams: 1_000 };

const optionsOf = ({ longestMessage, streams }: Omit<Room, 'calls'>): ServerOptions => ({
  'grpc.max_receive_message_length': longestMessage,
  'grpc.max_send_message_length': 16 * mib,
  'grpc.max_concurrent_streams': streams,
  // An agent that was cut off without a word is noticed, and its poll ended.
  'grpc.keepalive_time_ms': 15_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Counts that nobody looks at, of everybody who ever called.
  'grpc.enable_channelz': 0,
});
/** Held polls ended before this; what is left are short calls, and idle connections. */
const drainMs = 1_000;

export interface OpenPort {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly identity: ServerIdentity;
  readonly services: readonly ServedService[];
  readonly clock: Pick<Clock, 'boot' | 'now'>;
  readonly log: Logger;
  /** @default doorLimits */
  readonly limits?: DoorLimits;
  /** @default UNFINISHED_MS */
  readonly unfinishedMs?: number;
}

/** @throws AppError unavailable when the port is taken. */
export async function startOpenPort(options: OpenPort): Promise<OpenPortServer> {
  const { host, port, identity, services, clock, log } = options;
  let endPeer = (_peer: string): void => undefined;
  const end = (peer: string, why: string): void => {
    log.debug({ peer, why }, 'connection ended');
    endPeer(peer);
  };
  const unfinishedMs = options.unfinishedMs ?? UNFINISHED_MS;
  const room = (kind: Standing['kind']) => {
    const { calls } = rooms[kind];
    const interceptors = [watchesCalls({ calls, unfinishedMs, clock, end })];
    const server = serverOf({ ...optionsOf(rooms[kind]), interceptors }, services);
    // The door has shaken hands already; gRPC finds the certificate on the connection it is given.
    const { injectConnection } = server.createConnectionInjector(
      ServerCredentials.createInsecure(),
    );
    return { server, injectConnection };
  };
  const streams = watchStreams(clock, end);
  const open = { stranger: room('stranger'), node: room('node'), operator: room('operator') };
  const door = await openDoor({
    host,
    port,
    identity,
    clock,
    log,
    limits: options.limits ?? doorLimits,
    enter: (kind, socket) => {
      streams.watch(socket, rooms[kind].calls);
      open[kind].injectConnection(socket);
    },
  }).catch((thrown: unknown) => {
    streams.close();
    throw thrown;
  });
  endPeer = door.end;
  return {
    port: door.port,
    show: door.show,
    stop: async () => {
      door.shut();
      await Promise.all(Object.values(open).map(({ server }) => drained(server)));
      await door.close();
      streams.close();
    },
  };
}

/** @param path of a socket in a folder that only we may enter: that is its only guard. */
export async function startSocketServer(
  path: string,
  services: readonly ServedService[],
): Promise<RpcServer> {
  const server = serverOf(optionsOf(socket), services);
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (cause) => {
      if (cause === null) resolve();
      else
        reject(
          new AppError('unavailable', `cannot listen on ${path}: ${cause.message}`, { cause }),
        );
    });
  });
  return { port: 0, stop: () => drained(server) };
}

function serverOf(options: ServerOptions, services: readonly ServedService[]): Server {
  const server = new Server(options);
  for (const { definition, implementation } of services) {
    server.addService(definition, implementation);
  }
  return server;
}

function drained(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, drainMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
