// A promise client over one channel: every call has a deadline and a signal. Retrying is the
// caller's business, because only it knows what may be repeated.
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { AppError } from '../errors.ts';
import type { MethodName, ReplyOutput, RequestInput } from './calls.ts';
import { fromWireError } from './status.ts';

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export type RpcClient<D> = {
  readonly [M in MethodName<D>]: (
    request: RequestInput<D, M>,
    options: CallOptions,
  ) => Promise<ReplyOutput<D, M>>;
};

export interface Channel {
  /** host:port or unix:/path */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly options?: ClientOptions;
}

const messageLimit = 16 * 1024 * 1024;
const channelOptions: ClientOptions = {
  'grpc.max_receive_message_length': messageLimit,
  'grpc.max_send_message_length': messageLimit,
  // The callers retry with their own clock and know what is safe to repeat.
  'grpc.enable_retries': 0,
  // A connection whose other end went without a word must not outlive the time in which a host that
  // is back has to be heard again.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 3_000,
};

/** Several services share one connection: give them the same Client from `openChannel`. */
export function openChannel(channel: Channel): Client {
  return new Client(channel.address, channel.credentials, {
    ...channelOptions,
    ...channel.options,
  });
}

export function createClient<D>(definition: D & ServiceDefinition, channel: Client): RpcClient<D> {
  const names = Object.keys(definition) as MethodName<D>[];
  const calls = names.map((name) => {
    const call = (request: object, options: CallOptions): Promise<unknown> =>
      unary(channel, definition as ServiceDefinition, name, request, options);
    return [name, call] as const;
  });
  return Object.fromEntries(calls) as unknown as RpcClient<D>;
}

function unary(
  channel: Client,
  definition: ServiceDefinition,
  name: string,
  request: object,
  options: CallOptions,
): Promise<unknown> {
  const method = definition[name];
  if (method === undefined) throw new AppError('internal', `no such call: ${name}`);
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) {
      reject(options.signal.reason as Error);
      return;
    }
    const call = channel.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + options.timeoutMs },
      (error, reply) => {
        options.signal?.removeEventListener('abort', onAbort);
        if (error === null) resolve(reply);
        else if (options.signal?.aborted) reject(options.signal.reason as Error);
        else reject(fromWireError(error, channel.getChannel().getTarget()));
      },
    );
    const onAbort = (): void => call.cancel();
    options.signal?.addEventListener('abort', onAbort, { once: true });
  });
}
