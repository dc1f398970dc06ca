// One table between our error codes and the wire. Only AppErrors of these codes leave a handler with
// their text; anything else becomes INTERNAL with a fixed text, so that internals never leak.
import { status } from '@grpc/grpc-js';
import { AppError, type ErrorCode, isAbort } from '../errors.ts';

const toWire: Partial<Record<ErrorCode, status>> = {
  usage: status.INVALID_ARGUMENT,
  invalid: status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  conflict: status.ABORTED,
  refused: status.FAILED_PRECONDITION,
  unauthenticated: status.UNAUTHENTICATED,
  'permission-denied': status.PERMISSION_DENIED,
  'rate-limited': status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
};

const fromWire = new Map<status, ErrorCode>(
  Object.entries(toWire).map(([code, wire]) => [wire, code as ErrorCode]),
);
fromWire.set(status.INVALID_ARGUMENT, 'invalid');

export interface WireError {
  readonly code: status;
  readonly details: string;
}

export function toWireError(thrown: unknown): WireError {
  if (isAbort(thrown)) return { code: status.CANCELLED, details: 'the call was ended' };
  const code = thrown instanceof AppError ? toWire[thrown.code] : undefined;
  if (thrown instanceof AppError && code !== undefined) return { code, details: thrown.message };
  return { code: status.INTERNAL, details: 'the coordinator failed; its log has the reason' };
}

const retryableWire = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNKNOWN,
  status.CANCELLED,
  status.ABORTED,
  status.RESOURCE_EXHAUSTED,
]);

/** `target` is what was called, for the message: an address or a socket. */
export function fromWireError(error: WireError, target: string): AppError {
  if (isTooLarge(error)) {
    // It will be as large the next time.
    const size = error.details.replace(/^.*\(|\).*$/g, '').replace(' vs ', ' bytes, at most ');
    const text = `the coordinator at ${target.replace(/^dns:/, '')} takes no message so large: ${size}`;
    return new AppError('invalid', text, { cause: error });
  }
  const code = isCut(error) ? 'unavailable' : (fromWire.get(error.code) ?? 'internal');
  const place = target.replace(/^dns:/, '');
  const text =
    code === 'unavailable'
      ? unavailable(place, error.details)
      : code === 'timeout'
        ? late(place, error.details)
        : error.details;
  return new AppError(code, text, { retryable: retryableWire.has(error.code), cause: error });
}

const isTooLarge = ({ code, details }: WireError): boolean =>
  code === status.RESOURCE_EXHAUSTED && details.startsWith('Received message larger than max');

/** Ended by the other end without an answer: its program stops, or its connection broke. */
const isCut = ({ code, details }: WireError): boolean =>
  code === status.CANCELLED ||
  (code === status.INTERNAL && details.startsWith('Received RST_STREAM'));

/** grpc-js tells what it did meanwhile, which helps nobody. */
const late = (place: string, details: string): string =>
  details.startsWith('Deadline exceeded')
    ? `the coordinator at ${place} did not answer in time`
    : details;

/** What grpc-js wraps around the reason helps nobody; whose certificate it is does. */
function unavailable(place: string, details: string): string {
  const why = details
    .replace(/^No connection established\. Last error: (Error: )?/, '')
    .replace(/\.? ?Resolution note: ?$/, '');
  if (/self-signed certificate|unable to (verify|get)/.test(why)) {
    return `who answers at ${place} is not a coordinator of this fleet (${why}): check the address`;
  }
  return `the coordinator at ${place} does not answer: ${why}`;
}
