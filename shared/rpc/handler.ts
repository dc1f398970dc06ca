// Async handlers in grpc-js's callback form. A handler gets the complete request and a context with
// the caller's certificate and a signal that fires when the caller goes away or the server stops.
import type {
  ServerUnaryCall,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { isAbort } from '../errors.ts';
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
}

type AnyHandler = (request: unknown, context: CallContext) => Promise<object>;

export function implement<D>(
  definition: D & ServiceDefinition,
  handlers: Handlers<D>,
  options: ImplementOptions,
): UntypedServiceImplementation {
  const names = Object.keys(definition) as MethodName<D>[];
  return Object.fromEntries(
    names.map((name) => [name, toCallback(name, handlers[name] as AnyHandler, options)]),
  );
}

function toCallback(method: string, handler: AnyHandler, options: ImplementOptions) {
  return (call: ServerUnaryCall<unknown, object>, callback: sendUnaryData<object>): void => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    const context: CallContext = {
      peerCertificate: call.getAuthContext()?.sslPeerCertificate?.raw ?? null,
      peerAddress: call.getPeer(),
      signal: AbortSignal.any([gone.signal, options.signal]),
    };
    const run = async (): Promise<object> => {
      await options.guard?.(context, method);
      return await handler(call.request, context);
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
