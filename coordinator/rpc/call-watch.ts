// Ends connections whose calls are no calls: one that begins a request and does not end it, which holds
// memory for nothing, and one that calls again and again, which holds up everybody else. The library
// that speaks gRPC has a limit for neither.
import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { createBuckets, type Rate } from '../limits/buckets.ts';

/** A request is sent whole; only a slow network makes it last. */
export const UNFINISHED_MS = 15_000;

const turnsOfPatience = 10;

export interface CallWatch {
  /** Of one connection. */
  readonly calls: Rate;
  readonly unfinishedMs: number;
  readonly clock: Pick<Clock, 'boot'>;
  /** Ends the connection of a caller, by its address and port. */
  readonly end: (peer: string, why: string) => void;
}

export function watchesCalls({ calls, unfinishedMs, clock, end }: CallWatch): ServerInterceptor {
  const buckets = createBuckets(calls, clock);
  return (_method, call) => {
    const peer = call.getPeer();
    if (buckets.take(peer) === 0) end(peer, 'calls too often');
    // Counted in turns: a process that was held up itself hears what came meanwhile before it judges.
    let turns = 0;
    const late = setInterval(() => {
      turns += 1;
      if (turns < turnsOfPatience) return;
      clearInterval(late);
      end(peer, 'did not end a request in time');
    }, unfinishedMs / turnsOfPatience);
    late.unref();
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => pass(metadata),
          onReceiveMessage: (message, pass) => pass(message),
          onReceiveHalfClose: (pass) => {
            clearInterval(late);
            pass();
          },
          onCancel: () => clearInterval(late),
        }),
    });
  };
}
