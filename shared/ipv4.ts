// IPv4 arithmetic over text: ranges and whether they meet.

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function bounds(range: string): readonly [number, number] {
  const [base = '', prefix = '32'] = range.split('/');
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(toNumber(base) / size) * size;
  return [first, first + size - 1];
}

/** `range` like 10.0.0.0/8. */
export function rangeContains(range: string, address: string): boolean {
  const [first, last] = bounds(range);
  const value = toNumber(address);
  return value >= first && value <= last;
}

export function rangesOverlap(a: string, b: string): boolean {
  const [firstA, lastA] = bounds(a);
  const [firstB, lastB] = bounds(b);
  return firstA <= lastB && firstB <= lastA;
}
