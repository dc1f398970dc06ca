// A gRPC server of the coordinator: the open port with TLS 1.3, or the local socket. What it serves
// is given; it only binds, and ends in order: open polls first, then connections.
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { AppError } from '../../shared/errors.ts';
import { type ServerIdentity, serverCredentials } from '../../shared/rpc/tls.ts';

export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

export interface RpcServer {
  /** 0 for a socket. */
  readonly port: number;
  stop(): Promise<void>;
}

const messageLimit = 16 * 1024 * 1024;
const serverOptions = {
  'grpc.max_receive_message_length': messageLimit,
  'grpc.max_send_message_length': messageLimit,
  // An agent that was cut off without a word is noticed, and its poll ended.
  'grpc.keepalive_time_ms': 15_000,
  'grpc.keepalive_timeout_ms': 10_000,
};
/** Held polls ended before this; what is left are short calls, and idle connections. */
const drainMs = 1_000;

/** @param address host:port; port 0 takes a free one. */
export async function startTlsServer(
  address: string,
  identity: ServerIdentity,
  services: readonly ServedService[],
): Promise<RpcServer> {
  return await start(address, serverCredentials(identity), services);
}

/** @param path of a socket in a folder that only we may enter: that is its only guard. */
export async function startSocketServer(
  path: string,
  services: readonly ServedService[],
): Promise<RpcServer> {
  return await start(`unix:${path}`, ServerCredentials.createInsecure(), services);
}

async function start(
  address: string,
  credentials: ServerCredentials,
  services: readonly ServedService[],
): Promise<RpcServer> {
  const server = new Server(serverOptions);
  for (const { definition, implementation } of services) {
    server.addService(definition, implementation);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else
        reject(
          new AppError('unavailable', `cannot listen on ${address}: ${error.message}`, {
            cause: error,
          }),
        );
    });
  });
  return { port: address.startsWith('unix:') ? 0 : port, stop: () => stop(server) };
}

function stop(server: Server): Promise<void> {
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
