// A certificate for a key that is made here and stays here. Only a request leaves the host; what the
// certificate says is the coordinator's to decide.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import type { Host } from '../host/host.ts';
import { createCertificateRequest } from '../identity/certificate-request.ts';
import {
  isWearingOut,
  keyPairFault,
  namesOf,
  parseCertificate,
  parseKey,
} from './key-pair-files.ts';
import { renewalBook } from './renewal-record.ts';
import type { StepContext, StepRunner } from './step-runner.ts';

type Args = StepArgs['request-certificate'];

export const requestCertificate: StepRunner<'request-certificate'> = {
  kind: 'request-certificate',
  title: ({ profile, certificatePath }) => `get ${profile} certificate ${certificatePath}`,

  check: async (args, context) => {
    const { host, clock } = context;
    const fault = await keyPairFault(host, args, clock.now());
    if (fault !== null) return { kind: 'needed', why: fault };
    const pem = await host.readFile(args.certificatePath);
    const certificate = pem === null ? null : parseCertificate(pem);
    if (certificate === null)
      return { kind: 'needed', why: `${args.certificatePath} is not there` };
    if (isWearingOut(certificate, clock.now())) {
      return { kind: 'needed', why: `${args.certificatePath} expires on ${certificate.validTo}` };
    }
    const names = namesOf(certificate);
    const absent = args.names.filter((name) => !names.has(name));
    if (absent.length > 0) {
      return { kind: 'needed', why: `${args.certificatePath} is not for ${absent.join(', ')}` };
    }
    if (!certificate.subject.split('\n').includes(`CN=${args.commonName}`)) {
      return { kind: 'needed', why: `${args.certificatePath} is not for ${args.commonName}` };
    }
    if (args.renewal !== undefined && !(await isRenewed(args, args.renewal, context)))
      return { kind: 'needed', why: `${args.certificatePath} is to be made anew` };
    return { kind: 'satisfied' };
  },

  apply: async (args, context) => {
    const { host } = context;
    if (args.renewal !== undefined) {
      const before = { [args.certificatePath]: await digestOf(args, host) };
      await renewalBook(args.profile, context).begin(args.renewal, before);
    }
    const key = await keyOf(args, host);
    const request = createCertificateRequest(key, args.commonName);
    const signed = await context.signCertificate(args.profile, request);
    await host.writeFile(args.caPath, signed.ca, 0o644);
    await host.writeFile(args.certificatePath, signed.certificate, 0o644);
    return {};
  },
};

async function isRenewed(args: Args, renewal: string, context: StepContext): Promise<boolean> {
  const record = await renewalBook(args.profile, context).read(renewal);
  if (record === null) return false;
  return record.before[args.certificatePath] !== (await digestOf(args, context.host));
}

/** Empty where there is none. */
async function digestOf({ certificatePath }: Args, host: Host): Promise<string> {
  const certificate = parseCertificate((await host.readFile(certificatePath)) ?? '');
  return certificate === null ? '' : sha256Hex(certificate.raw);
}

/**
 * The key that is there, or a new one: with the same key a certificate is replaced by one file, and no
 * moment is without a pair that belongs together.
 */
async function keyOf({ keyPath }: Args, host: Host): Promise<KeyObject> {
  const pem = await host.readFile(keyPath);
  const existing = pem === null ? null : parseKey(pem);
  if (existing?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return existing;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await host.writeFile(keyPath, privateKey.export({ format: 'pem', type: 'pkcs8' }), 0o600);
  return privateKey;
}
