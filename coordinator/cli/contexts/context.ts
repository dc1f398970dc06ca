// A context: one coordinator, and who this user is there. One file each, 0600, since the key is in it;
// written whole or not at all.
import { X509Certificate } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import { type OperatorRole, operatorRoles } from '../../store/records.ts';

export interface Context {
  readonly schema: 'muster/context/v1';
  readonly name: string;
  /** host:port */
  readonly address: string;
  readonly fleet: string;
  readonly operator: string;
  readonly role: OperatorRole;
  readonly caPem: string;
  /** Leaf, then fleet CA. */
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** Stands for the socket on the coordinator's own host, wherever a context can be named. */
export const LOCAL = 'local';

const texts = ['address', 'fleet', 'operator', 'caPem', 'certificatePem', 'keyPem'] as const;

/** @throws AppError invalid naming the file */
export function parseContext(text: string, name: string, path: string): Context {
  const value = parseJson(text, path) as Partial<Context> | null;
  const isWhole =
    value?.schema === 'muster/context/v1' &&
    texts.every((field) => typeof value[field] === 'string') &&
    operatorRoles.some((role) => role === value.role);
  if (!isWhole) {
    throw new AppError('invalid', `${path} is not a context of this version: log in again`);
  }
  return { ...(value as Context), name };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError('invalid', `${path} is not JSON: remove it and log in again`, { cause });
  }
}

export interface Validity {
  readonly beganMs: number;
  readonly endsMs: number;
}

export function validityOf({ certificatePem }: Pick<Context, 'certificatePem'>): Validity {
  const { validFromDate, validToDate } = new X509Certificate(certificatePem);
  return { beganMs: validFromDate.getTime(), endsMs: validToDate.getTime() };
}

/** After a third of its life: who works once a week never sees the end of a certificate of a month. */
export const isRenewalDue = ({ beganMs, endsMs }: Validity, now: number): boolean =>
  now >= beganMs + (endsMs - beganMs) / 3;
