// Async handlers in grpc-js's callback form. A handler gets the complete request and a context with
// the caller's certificate and a signal that fires when the caller goes away or the server stops.
// Who calls is judged before the request is decoded: what nobody may say is not even read.
import type {
  ServerUnaryCall,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { AppError, isAbort } from '../errors.ts';
import { following } from '../following.ts';
import type { Logger } from '../log.ts';
import type { MethodName, ReplyInput, RequestOutput } from './calls.ts';
import { toWireError } from './status.ts';

export interface CallContext {
  /** DER of the caller's certificate; present only if its chain verified against our CA. */
  readonly peerCertificate: Buffer | null;
  /** Address and port of the caller as grpc-js tells it, for example 10.0.0.7:40312. */
  readonly peerAddress: string;
  readonly signal: AbortSignal;
}

export type Handlers<D> = {
  readonly [M in MethodName<D>]: (
    request: RequestOutput<D, M>,
    context: CallContext,
  ) => Promise<ReplyInput<D, M>>;
};

export interface ImplementOptions {
  readonly log: Logger;
  /** Fires when the server stops: open long polls end. */
  readonly signal: AbortSignal;
  /** Runs before every handler; throws to refuse the call. */
  readonly guard?: (context: CallContext, method: string) => void | Promise<void>;
  /** What a request may be, judged after the guard. @default anything */
  readonly rules?: RequestRules;
}

export interface RequestRules {
  /** @throws AppError invalid, before the bytes are decoded. */
  checkSize(method: string, bytes: number): void;
  /** @throws AppError invalid, naming the field. */
  checkFields(method: string, request: object): void;
}

/** What a gRPC server is given: requests come to it as bytes. */
export interface ServedService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

type AnyHandler = (request: unknown, context: CallContext) => Promise<object>;
type Method = ServiceDefinition[string];

export function implement<D>(
  definition: D & ServiceDefinition,
  handlers: Handlers<D>,
  options: ImplementOptions,
): ServedService {
  const names = Object.keys(definition) as MethodName<D>[];
  const methods = names.map((name) => [name, (definition as ServiceDefinition)[name]] as const);
  const known = methods.filter((entry): entry is [MethodName<D>, Method] => entry[1] !== undefined);
  return {
    definition: Object.fromEntries(
      known.map(([name, method]) => [name, { ...method, requestDeserialize: asItCame }]),
    ),
    implementation: Object.fromEntries(
      known.map(([name, method]) => {
        const handler = handlers[name] as AnyHandler;
        return [name, toCallback({ name, decode: method.requestDeserialize, handler }, options)];
      }),
    ),
  };
}

const asItCame = (bytes: Buffer): Buffer => bytes;

interface Served {
  readonly name: string;
  readonly decode: (bytes: Buffer) => unknown;
  readonly handler: AnyHandler;
}

function toCallback({ name: method, decode, handler }: Served, options: ImplementOptions) {
  return (call: ServerUnaryCall<Buffer, object>, callback: sendUnaryData<object>): void => {
    const gone = following(options.signal);
    call.on('cancelled', gone.end);
    const context: CallContext = {
      peerCertificate: call.getAuthContext()?.sslPeerCertificate?.raw ?? null,
      peerAddress: call.getPeer(),
      signal: gone.signal,
    };
    const run = async (): Promise<object> => {
      try {
        await options.guard?.(context, method);
        options.rules?.checkSize(method, call.request.length);
        const request = decoded(method, decode, call.request);
        options.rules?.checkFields(method, request);
        return await handler(request, context);
      } finally {
        gone[Symbol.dispose]();
      }
    };
    run().then(
      (reply) => callback(null, reply),
      (thrown: unknown) => {
        const error = toWireError(thrown);
        if (error.code === 13 && !isAbort(thrown))
          options.log.error({ method, err: thrown }, 'call failed');
        callback(error);
      },
    );
  };
}

function decoded(method: string, decode: (bytes: Buffer) => unknown, bytes: Buffer): object {
  try {
    return decode(bytes) as object;
  } catch (cause) {
    throw new AppError('invalid', `the request of ${method} is not its message`, { cause });
  }
}
