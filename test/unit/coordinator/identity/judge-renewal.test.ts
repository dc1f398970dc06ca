import { describe, expect, it } from 'vitest';
import { acknowledged, judgeRenewal } from '../../../../coordinator/identity/judge-renewal.ts';
import type { PendingRenewal } from '../../../../coordinator/store/identity-record.ts';
import type { NodeRecord } from '../../../../coordinator/store/records.ts';
import { aNode, startMs } from '../../../support/cluster-builders.ts';

const day = 24 * 3_600_000;
const pending: PendingRenewal = {
  counter: 6,
  requestSha256: 'a',
  chain: ['AAAA'],
  leafSha256: 'leaf-6',
  notBeforeMs: startMs,
  notAfterMs: startMs + day,
  from: '192.168.7.1',
};
const node = (change: Partial<NodeRecord> = {}): NodeRecord => ({
  ...aNode('w1', 1).record,
  counter: 5,
  certificate: { notBeforeMs: startMs - day, notAfterMs: startMs, from: '192.168.7.1' },
  ...change,
});
const claim = (change: Partial<Parameters<typeof judgeRenewal>[1]> = {}) => ({
  told: 5,
  requestSha256: 'a',
  presentedFromMs: startMs - day,
  now: startMs,
  ...change,
});

describe('a renewal', () => {
  it('of a host that has the newest certificate is issued', () => {
    expect(judgeRenewal(node(), claim())).toEqual({ kind: 'issue', told: 5 });
  });

  it('whose reply was lost is the same bytes again, as often as it is asked', () => {
    const record = node({ renewal: pending });
    for (let again = 0; again < 3; again += 1) {
      expect(judgeRenewal(record, claim())).toEqual({ kind: 'repeat', renewal: pending });
    }
  });

  it('counts from the first call under the new certificate, and no other acknowledges it', () => {
    const record = node({ renewal: pending });
    expect(acknowledged(record, 'leaf-5')).toBeNull();
    const after = acknowledged(record, 'leaf-6');
    expect(after).toMatchObject({ counter: 6, certificate: { notAfterMs: startMs + day } });
    expect(after?.renewal).toBeUndefined();
  });

  it('of a copy that was left behind is told apart once the newer one is in use', () => {
    const after = acknowledged(node({ renewal: pending }), 'leaf-6') ?? node();
    expect(judgeRenewal(after, claim()).kind).toBe('copy');
    expect(judgeRenewal(after, claim({ told: 1 })).kind).toBe('copy');
    expect(judgeRenewal(after, claim({ told: 6 })).kind).toBe('issue');
  });

  it('that two copies ask for with a request each is given to neither', () => {
    const record = node({ renewal: pending });
    expect(judgeRenewal(record, claim({ requestSha256: 'b' })).kind).toBe('copy');
  });

  it('that ended before anybody called under it is issued anew', () => {
    const record = node({ renewal: { ...pending, notAfterMs: startMs - 1 } });
    expect(judgeRenewal(record, claim({ requestSha256: 'b' }))).toEqual({ kind: 'issue', told: 5 });
  });

  it('ahead of what was given out is a copy that made its number up', () => {
    for (const told of [6, 7, 2 ** 30, 2 ** 52]) {
      expect(judgeRenewal(node(), claim({ told })).kind).toBe('copy');
    }
  });

  it('ahead with a certificate newer than ours is of a host that knows more than our store', () => {
    const newer = { told: 9, presentedFromMs: startMs };
    expect(judgeRenewal(node(), claim(newer))).toEqual({ kind: 'issue', told: 9 });
    expect(judgeRenewal(node(), claim({ ...newer, told: 5_000 })).kind).toBe('copy');
  });

  it.each([0, 3, 5, 9, 1_000_000])(
    'after an operator’s approval is issued whatever counter is told: %i',
    (told) => {
      const record = node({ takesNextCounter: true, renewal: pending });
      expect(judgeRenewal(record, claim({ told, requestSha256: 'b' }))).toEqual({
        kind: 'issue',
        told,
      });
    },
  );
});
