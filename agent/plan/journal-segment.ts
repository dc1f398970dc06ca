// The bytes of one journal segment: records one after another, then zeros (space is preallocated).
// A record: magic, length, index, CRC-32, JSON. Tells a torn tail, which is cut, from damage before a
// valid record, which is never guessed over. Pure.
import { crc32 } from 'node:zlib';

const magic = Buffer.from('MJ01');
const headerSize = 20;

export const RECORD_LIMIT = 256 * 1024;

export interface SegmentRecord {
  readonly index: number;
  readonly payload: Buffer;
}

export interface SegmentScan {
  readonly records: readonly SegmentRecord[];
  /** Where the next record goes. */
  readonly end: number;
  /** clean: zeros follow. torn: what follows is no record, nor is anything after it. */
  readonly tail: 'clean' | 'torn' | 'valid-after-bad';
  /** Whole records behind a bad one, of whatever index: for people, never for folding. */
  readonly stray: readonly SegmentRecord[];
}

export function encodeRecord(index: number, payload: Uint8Array): Buffer {
  const record = Buffer.alloc(headerSize + payload.length);
  magic.copy(record, 0);
  record.writeUInt32LE(payload.length, 4);
  record.writeBigUInt64LE(BigInt(index), 8);
  record.set(payload, headerSize);
  record.writeUInt32LE(checksum(record), 16);
  return record;
}

/** @param first index of the first record of the segment. */
export function scanSegment(bytes: Buffer, first: number): SegmentScan {
  const records: SegmentRecord[] = [];
  let position = 0;
  for (;;) {
    const record = recordAt(bytes, position);
    if (record === null || record.index !== first + records.length) break;
    records.push(record);
    position += headerSize + record.payload.length;
  }
  if (isZero(bytes.subarray(position))) return { records, end: position, tail: 'clean', stray: [] };
  const stray = recordsBehind(bytes, position);
  return { records, end: position, tail: stray.length > 0 ? 'valid-after-bad' : 'torn', stray };
}

function recordsBehind(bytes: Buffer, position: number): readonly SegmentRecord[] {
  const found: SegmentRecord[] = [];
  let at = bytes.indexOf(magic, position);
  while (at >= 0) {
    const record = recordAt(bytes, at);
    if (record !== null) found.push(record);
    at = bytes.indexOf(magic, at + (record === null ? 1 : headerSize + record.payload.length));
  }
  return found;
}

function recordAt(bytes: Buffer, position: number): SegmentRecord | null {
  const start = position + headerSize;
  if (start > bytes.length || !bytes.subarray(position, position + 4).equals(magic)) return null;
  const length = bytes.readUInt32LE(position + 4);
  if (length === 0 || length > RECORD_LIMIT || start + length > bytes.length) return null;
  const record = bytes.subarray(position, start + length);
  if (checksum(record) !== record.readUInt32LE(16)) return null;
  return { index: Number(record.readBigUInt64LE(8)), payload: record.subarray(headerSize) };
}

/** Over everything but the magic and itself. */
function checksum(record: Buffer): number {
  return crc32(record.subarray(headerSize), crc32(record.subarray(4, 16)));
}

function isZero(bytes: Buffer): boolean {
  const words = bytes.length >>> 12;
  for (let page = 0; page <= words; page += 1) {
    const part = bytes.subarray(page << 12, (page + 1) << 12);
    if (!part.equals(zeros.subarray(0, part.length))) return false;
  }
  return true;
}

const zeros = Buffer.alloc(4096);
