// What every request of every service may be: how large, and of each field what it is made of and how
// long. Judged at the door, before any handler sees it; a field without a row does not compile.
//
// Texts that have an alphabet are of it. Texts that only people read are limited in length here and made
// plain where they are taken; documents in JSON have a parser each, which knows their fields.
import { checked, type TextKind } from '../../shared/alphabets.ts';
import { AppError } from '../../shared/errors.ts';
import type { MethodName, RequestOutput } from '../../shared/rpc/calls.ts';
import type { EnrollmentDefinition } from '../../shared/rpc/generated/muster/v1/Enrollment.ts';
import type { FleetDefinition } from '../../shared/rpc/generated/muster/v1/Fleet.ts';
import type { OperatorDefinition } from '../../shared/rpc/generated/muster/v1/Operator.ts';
import type { RequestRules } from '../../shared/rpc/handler.ts';

type Field =
  /** A text of an alphabet; empty where the sender may have nothing to say. */
  | { readonly is: 'text'; readonly kind: TextKind; readonly orEmpty: boolean }
  | { readonly is: 'words'; readonly longest: number }
  | { readonly is: 'bytes'; readonly longest: number }
  /** 0 or more, and exact as a number. */
  | { readonly is: 'count' }
  | { readonly is: 'flag' }
  | { readonly is: 'list'; readonly most: number; readonly of: Field }
  /** Null when it is absent. */
  | { readonly is: 'message'; readonly fields: Readonly<Record<string, Field>> };

interface Rule<Request> {
  readonly longestBytes: number;
  readonly fields: { readonly [F in keyof Request]: Field };
}

type RulesOf<D> = { readonly [M in MethodName<D>]: Rule<RequestOutput<D, M>> };

const text = (kind: TextKind): Field => ({ is: 'text', kind, orEmpty: false });
const textOrEmpty = (kind: TextKind): Field => ({ is: 'text', kind, orEmpty: true });
const words = (longest: number): Field => ({ is: 'words', longest });
const bytes = (longest: number): Field => ({ is: 'bytes', longest });
const list = (most: number, of: Field): Field => ({ is: 'list', most, of });
const count: Field = { is: 'count' };
const flag: Field = { is: 'flag' };

const kib = 1024;
const mib = 1024 * kib;
/** PKCS #10 of an elliptic key is 300 bytes, of the largest RSA key 1.5 KiB. */
const csr = bytes(4 * kib);
const longestCsrRequest = 8 * kib;

const lane: Readonly<Record<string, Field>> = {
  lane: textOrEmpty('identifier'),
  planIds: list(100, textOrEmpty('version')),
  waiting: list(100, textOrEmpty('version')),
  epoch: count,
  sequence: count,
  doing: words(4 * kib),
};

const enrollment: RulesOf<EnrollmentDefinition> = {
  GetChallenge: { longestBytes: 64, fields: {} },
  Join: {
    longestBytes: 64 * kib,
    fields: {
      // What is wrong with a token is said in one sentence for all that can be.
      token: words(kib),
      csr,
      nonce: bytes(64),
      nonceSignature: bytes(256),
      nodeName: words(253),
      agentVersion: words(128),
      facts: bytes(60 * kib),
    },
  },
  Return: {
    longestBytes: longestCsrRequest,
    fields: { csr, nonce: bytes(64), nonceSignature: bytes(256), counter: count },
  },
  Login: { longestBytes: longestCsrRequest, fields: { token: words(kib), csr } },
};

const fleet: RulesOf<FleetDefinition> = {
  // A node of a cluster of a thousand has a route to each: 100 KiB.
  ReportFacts: { longestBytes: 512 * kib, fields: { facts: bytes(512 * kib) } },
  PullPlan: {
    longestBytes: 192 * kib,
    fields: {
      instanceId: text('identifier'),
      poll: count,
      nonce: bytes(64),
      bootId: textOrEmpty('version'),
      agentVersion: textOrEmpty('version'),
      factsDigest: textOrEmpty('version'),
      lanes: list(2, { is: 'message', fields: lane }),
      journalId: textOrEmpty('version'),
      journalEnd: count,
      holdMs: count,
      // What is too long of it is dropped by the book that keeps it: a poll is a sign of life.
      health: bytes(128 * kib),
      healthAgeMs: count,
      hostTimeMs: count,
      trouble: { is: 'message', fields: { code: words(4 * kib), sentence: words(16 * kib) } },
    },
  },
  ReportProgress: {
    longestBytes: 1280 * kib,
    fields: {
      journalId: text('identifier'),
      offset: count,
      records: list(20_000, bytes(256 * kib)),
    },
  },
  SignCertificate: {
    longestBytes: longestCsrRequest,
    fields: {
      planId: textOrEmpty('identifier'),
      stepId: textOrEmpty('identifier'),
      profile: textOrEmpty('identifier'),
      csr,
    },
  },
  Renew: { longestBytes: longestCsrRequest, fields: { csr, counter: count } },
};

const small = 4 * kib;
const name = words(253);
const tokenRequest = {
  pool: name,
  ttlSeconds: count,
  uses: count,
  nodeName: name,
  sourceRange: words(64),
  standing: flag,
} as const;

const operator: RulesOf<OperatorDefinition> = {
  Version: { longestBytes: 64, fields: {} },
  Apply: {
    longestBytes: 4 * mib,
    fields: {
      specYaml: words(mib),
      dryRun: flag,
      ignore: list(100, words(128)),
      artifactLock: bytes(2 * mib),
    },
  },
  Get: { longestBytes: small, fields: { kind: words(64), name } },
  Watch: { longestBytes: 64, fields: { revision: count } },
  Explain: { longestBytes: small, fields: { node: name } },
  CreateToken: { longestBytes: small, fields: tokenRequest },
  ChangeToken: { longestBytes: small, fields: { id: name, action: words(64), ttlSeconds: count } },
  JoinMaterial: {
    longestBytes: small,
    fields: { token: { is: 'message', fields: tokenRequest }, format: words(64) },
  },
  Logs: { longestBytes: small, fields: { subject: words(512), after: count, follow: flag } },
  ChangeNode: {
    longestBytes: small,
    fields: { action: words(64), name, dryRun: flag, confirmed: flag },
  },
  ChangeRollout: { longestBytes: small, fields: { action: words(64), node: name } },
  RenewCertificates: { longestBytes: small, fields: { node: name, runId: words(128) } },
  Retry: { longestBytes: small, fields: { node: name } },
  Kubeconfig: {
    longestBytes: 32 * kib,
    fields: { csrPem: words(16 * kib), user: name, ttlSeconds: count },
  },
  SmokeTest: { longestBytes: small, fields: { runId: words(128) } },
  CordonNode: {
    longestBytes: 16 * kib,
    fields: {
      requestId: words(128),
      action: words(64),
      name,
      known: words(8 * kib),
      timeoutSeconds: count,
      hasGrace: flag,
      graceSeconds: count,
      deleteEmptyDirData: flag,
      evictUnmanaged: flag,
      disableEviction: flag,
    },
  },
  EtcdTask: { longestBytes: small, fields: { task: words(64), runId: words(128) } },
  SetRecoveryKey: { longestBytes: small, fields: { publicKey: words(kib), replace: flag } },
  AddOperator: {
    longestBytes: small,
    fields: { name, role: words(64), ttlSeconds: count, certificateTtlSeconds: count },
  },
  RevokeOperator: { longestBytes: small, fields: { name } },
  RenewOperator: { longestBytes: longestCsrRequest, fields: { csr } },
};

interface AnyRule {
  readonly longestBytes: number;
  readonly fields: Readonly<Record<string, Field>>;
}

const rules: Readonly<Record<string, AnyRule>> = { ...enrollment, ...fleet, ...operator };

function ruleOf(method: string): AnyRule {
  const rule = Object.hasOwn(rules, method) ? rules[method] : undefined;
  if (rule === undefined) throw new AppError('internal', `no rule for the requests of ${method}`);
  return rule;
}

export const requestRules: RequestRules = {
  checkSize(method, size) {
    const { longestBytes } = ruleOf(method);
    if (size <= longestBytes) return;
    throw invalid(`a request of ${method} has at most ${longestBytes} bytes, not ${size}`);
  },
  checkFields(method, request) {
    checkMessage(ruleOf(method).fields, request, method);
  },
};

function checkMessage(
  fields: Readonly<Record<string, Field>>,
  message: object,
  where: string,
): void {
  const values = message as Readonly<Record<string, unknown>>;
  for (const [key, field] of Object.entries(fields))
    check(field, values[key], `${key} of ${where}`);
}

function check(field: Field, value: unknown, where: string): void {
  switch (field.is) {
    case 'text':
      if (typeof value !== 'string') throw invalid(`${where} is not text`);
      if (value !== '' || !field.orEmpty) checked(field.kind, value, where);
      return;
    case 'words':
      if (typeof value === 'string' && value.length <= field.longest) return;
      throw invalid(`${where} has more than ${field.longest} characters`);
    case 'bytes':
      if (value instanceof Uint8Array && value.length <= field.longest) return;
      throw invalid(`${where} has more than ${field.longest} bytes`);
    case 'count':
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return;
      throw invalid(`${where} is not 0 or a whole number above it: ${String(value)}`);
    case 'flag':
      if (typeof value === 'boolean') return;
      throw invalid(`${where} is neither true nor false`);
    case 'list':
      if (!Array.isArray(value) || value.length > field.most)
        throw invalid(`${where} has more than ${field.most} entries`);
      for (const entry of value) check(field.of, entry, where);
      return;
    case 'message':
      if (value !== null && typeof value === 'object') checkMessage(field.fields, value, where);
      return;
  }
}

const invalid = (message: string): AppError => new AppError('invalid', message);
