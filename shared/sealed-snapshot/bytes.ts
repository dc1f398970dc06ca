// A stream of pieces read by the byte: so many, or to the end.
import { AppError } from '../errors.ts';

export interface Bytes {
  /** Exactly so many; null when there are fewer. */
  take(count: number): Promise<Buffer | null>;
  /** As many as there are, up to so many. */
  upTo(count: number): Promise<Buffer>;
  isAtEnd(): Promise<boolean>;
  /** So many, piece by piece. @throws AppError invalid when there are fewer */
  exactly(count: number): AsyncIterable<Uint8Array>;
}

export function bytesOf(source: AsyncIterable<Uint8Array>): Bytes {
  const pieces = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let hasEnded = false;

  /** Until so many are held, or nothing more comes. */
  const hold = async (count: number): Promise<void> => {
    const more: Uint8Array[] = [held];
    let size = held.length;
    while (size < count && !hasEnded) {
      const next = await pieces.next();
      if (next.done === true) hasEnded = true;
      else {
        more.push(next.value);
        size += next.value.length;
      }
    }
    if (more.length > 1) held = Buffer.concat(more);
  };
  const give = (count: number): Buffer => {
    const given = held.subarray(0, count);
    held = held.subarray(count);
    return given;
  };

  return {
    take: async (count) => {
      await hold(count);
      return held.length < count ? null : give(count);
    },
    upTo: async (count) => {
      await hold(count);
      return give(Math.min(count, held.length));
    },
    isAtEnd: async () => {
      await hold(1);
      return held.length === 0;
    },
    exactly: async function* (count) {
      for (let left = count; left > 0; ) {
        await hold(1);
        if (held.length === 0)
          throw new AppError('invalid', 'a file in it is shorter than its list says');
        const piece = give(Math.min(left, held.length));
        left -= piece.length;
        yield piece;
      }
    },
  };
}
