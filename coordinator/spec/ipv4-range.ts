// Arithmetic on IPv4 ranges as cluster.yaml writes them. Pure.

export interface Ipv4Range {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** `text` is an address and a prefix, already checked for form; host bits are cut off. */
export function parseIpv4Range(text: string): Ipv4Range {
  const [address = '', prefixText = '32'] = text.split('/');
  const prefix = Number(prefixText);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(addressToNumber(address) / size) * size;
  return { first, last: first + size - 1, prefix };
}

export function rangesOverlap(a: Ipv4Range, b: Ipv4Range): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function formatIpv4Range(range: Ipv4Range): string {
  return `${numberToAddress(range.first)}/${range.prefix}`;
}

export function isIpv4Address(text: string): boolean {
  const parts = text.split('.');
  return (
    parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}

function addressToNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function numberToAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
