// Arithmetic on IPv4 addresses and ranges, which come as checked text: 10.0.0.1 and 10.0.0.0/8. Pure.

export interface Ipv4Range {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Host bits are cut off; an address alone is a range of one. */
export function parseIpv4Range(text: string): Ipv4Range {
  const [address = '', prefixText = '32'] = text.split('/');
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(toNumber(address) / size) * size;
  return { first, last: first + size - 1, prefix };
}

export function formatIpv4Range(range: Ipv4Range): string {
  return `${toAddress(range.first)}/${range.prefix}`;
}

export function rangeContains(range: string, address: string): boolean {
  const { first, last } = parseIpv4Range(range);
  const value = toNumber(address);
  return value >= first && value <= last;
}

export function rangesOverlap(a: string, b: string): boolean {
  const [one, other] = [parseIpv4Range(a), parseIpv4Range(b)];
  return one.first <= other.last && other.first <= one.last;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
