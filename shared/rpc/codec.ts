// Wire messages to model values and back, with checks. JSON documents inside messages are parsed
// here, once; a bad one is an `invalid` error that names the message.
import { AppError } from '../errors.ts';
import type { NodeFacts } from '../model/facts.ts';
import type { Envelope } from '../model/plan.ts';
import type { Envelope__Output as WireEnvelope } from './generated/muster/v1/Envelope.ts';

export function envelopeFromWire(wire: WireEnvelope): Envelope {
  return {
    payloadType: wire.payloadType,
    payload: wire.payload,
    signatures: wire.signatures.map(({ keyid, sig }) => ({ keyid, sig })),
  };
}

export interface WireEnvelopeInput {
  payloadType: string;
  payload: Uint8Array;
  signatures: { keyid: string; sig: Uint8Array }[];
}

export function envelopeToWire(envelope: Envelope): WireEnvelopeInput {
  return {
    payloadType: envelope.payloadType,
    payload: envelope.payload,
    signatures: envelope.signatures.map(({ keyid, sig }) => ({ keyid, sig })),
  };
}

/** Envelopes at rest: base64 inside JSON. */
export interface StoredEnvelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

export function envelopeToStored(envelope: Envelope): StoredEnvelope {
  return {
    payloadType: envelope.payloadType,
    payload: Buffer.from(envelope.payload).toString('base64'),
    signatures: envelope.signatures.map(({ keyid, sig }) => ({
      keyid,
      sig: Buffer.from(sig).toString('base64'),
    })),
  };
}

export function envelopeFromStored(stored: StoredEnvelope): Envelope {
  return {
    payloadType: stored.payloadType,
    payload: Buffer.from(stored.payload, 'base64'),
    signatures: stored.signatures.map(({ keyid, sig }) => ({
      keyid,
      sig: Buffer.from(sig, 'base64'),
    })),
  };
}

export const jsonToWire = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const factsLimit = 1024 * 1024;

export function factsFromWire(bytes: Uint8Array): NodeFacts {
  const facts = objectFrom(bytes, 'facts', factsLimit);
  if (facts['schema'] !== 'muster/facts/v1')
    throw new AppError('invalid', 'facts.schema: only muster/facts/v1 is known here');
  return facts as unknown as NodeFacts;
}

/** @throws AppError invalid when the bytes are not one JSON object within the limit. */
export function objectFrom(
  bytes: Uint8Array,
  what: string,
  limit: number,
): Record<string, unknown> {
  if (bytes.length > limit)
    throw new AppError('invalid', `${what} of ${bytes.length} bytes: at most ${limit}`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new AppError('invalid', `${what} is not JSON`, { cause });
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new AppError('invalid', `${what} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}
