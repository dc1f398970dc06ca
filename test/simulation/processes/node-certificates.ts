// Certificates of nodes as the coordinator gives them, for a day from any moment, without a wait: a real
// one made beforehand, with other dates and signed again. What is issued is the same for the same minute.
import { sign, X509Certificate } from 'node:crypto';
import { bitString, sequence } from '../../../agent/identity/der.ts';
import { type Issuer, issueLeaf } from '../../../coordinator/keys/certificate.ts';
import { NODE_UNIT } from '../../../coordinator/keys/keys.ts';
import { sha256Hex } from '../../../shared/canonical.ts';
import { worldStartMs } from '../core/life.ts';

const dayMs = 24 * 3_600_000;
const minuteMs = 60_000;

export interface NodeCertificates {
  /** DER. @param now by the coordinator's clock */
  issue(now: number): Buffer;
}

export async function nodeCertificates(
  issuer: Issuer,
  spki: Uint8Array,
): Promise<NodeCertificates> {
  const pem = await issueLeaf(issuer, {
    subject: [{ CN: [sha256Hex(spki).slice(0, 16)] }, { OU: [NODE_UNIT] }],
    publicKey: spki,
    names: [],
    usages: ['client'],
    lifetimeMs: dayMs,
    now: worldStartMs,
  });
  const made = new X509Certificate(pem);
  const { raw } = made;
  const issued = new Map<number, Buffer>();
  const dates = [made.validFromDate.getTime(), made.validToDate.getTime()] as const;
  return {
    issue: (now) => {
      const minute = Math.floor((now - worldStartMs) / minuteMs);
      const known = issued.get(minute);
      if (known !== undefined) return known;
      const body = elementAt(raw, headSize(raw, 0));
      const rest = raw.subarray(headSize(raw, 0) + body.length);
      const algorithm = elementAt(rest, 0);
      const changed = Buffer.from(body);
      for (const dateMs of dates) {
        const at = changed.indexOf(utcTime(dateMs), 'latin1');
        changed.write(utcTime(dateMs + minute * minuteMs), at, 'latin1');
      }
      const fresh = sequence(changed, algorithm, bitString(sign('sha256', changed, issuer.key)));
      issued.set(minute, fresh);
      return fresh;
    },
  };
}

/** As DER has it: YYMMDDHHMMSSZ. */
const utcTime = (ms: number): string =>
  `${new Date(ms)
    .toISOString()
    .slice(2, 19)
    .replaceAll(/[^0-9]/g, '')}Z`;

const lengthBytes = (bytes: Buffer, at: number): number => {
  const first = bytes[at + 1] ?? 0;
  return first < 0x80 ? 0 : first & 0x7f;
};

const headSize = (bytes: Buffer, at: number): number => 2 + lengthBytes(bytes, at);

/** One element, head and all. */
function elementAt(bytes: Buffer, at: number): Buffer {
  const more = lengthBytes(bytes, at);
  const length = more === 0 ? (bytes[at + 1] ?? 0) : bytes.readUIntBE(at + 2, more);
  return bytes.subarray(at, at + 2 + more + length);
}
