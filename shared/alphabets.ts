// What each kind of text may be made of, and how long it may be: one table for the facts of hosts, for
// cluster.yaml, for the outputs of steps and for everything that is rendered from them. A text that
// comes from outside is of one of these kinds or it does not come in, and a renderer takes no other.
//
// An alphabet is chosen so that no text of it can end a line, a quotation, a word or a block in a unit
// of systemd, in nginx's or a kubeadm configuration, in a path or on a terminal.
import { isIP, isIPv4 } from 'node:net';
import { AppError } from './errors.ts';
import { quoted } from './plain-text.ts';

export interface Alphabet {
  /** For messages: "an IP address". */
  readonly what: string;
  readonly longest: number;
  fits(text: string): boolean;
}

const of = (what: string, longest: number, form: RegExp): Alphabet => ({
  what,
  longest,
  fits: (text) => text.length <= longest && form.test(text),
});

/** `isIP` alone looks at nothing behind a `%`. */
const isAddress = (text: string): boolean => /^[0-9A-Fa-f:.]{2,45}$/.test(text) && isIP(text) !== 0;
const interfaceForm = /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]*$/;

function isZoned(text: string): boolean {
  const [address = '', zone, ...rest] = text.split('%');
  if (rest.length > 0 || !isAddress(address)) return false;
  return zone === undefined || (zone.length <= 32 && interfaceForm.test(zone));
}

function isIpv4Range(text: string): boolean {
  const [, address = '', prefix = ''] = /^([0-9.]{7,15})\/(\d{1,2})$/.exec(text) ?? [];
  return isIPv4(address) && Number(prefix) <= 32 && String(Number(prefix)) === prefix;
}

const dnsLabel = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const dnsForm = new RegExp(`^${dnsLabel}(\\.${dnsLabel})*$`);
/** Systemd writes what a path must not hold as \x and two digits. */
const segment = String.raw`([A-Za-z0-9_.@:+,=~-]|\\x[0-9a-f]{2})+`;
const pathForm = new RegExp(`^/(${segment}(/${segment})*)?$`);
const memberForm = new RegExp(`^(\\./)?${segment}(/${segment})*$`);
const climbs = (text: string): boolean => text.split('/').includes('..');
const hostPart = String.raw`([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])`;
const urlPath = `(/([A-Za-z0-9._~@:+,=/-]|%[0-9A-Fa-f]{2})*)?`;

function isHostPort(text: string): boolean {
  const [, port = ''] = /^[^:]+:(\d{1,5})$/.exec(text) ?? [];
  return new RegExp(`^${hostPart}:\\d+$`).test(text) && Number(port) > 0 && Number(port) < 65_536;
}

/** A DNS name of lower-case letters, if there is one, and a name. */
const labelPrefix = '[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*';
const labelForm = new RegExp(
  `^((?=[^/]{1,253}/)${labelPrefix}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`,
);

export const alphabets = {
  address: { what: 'an IP address', longest: 45, fits: isAddress },
  ipv4Address: { what: 'an IPv4 address', longest: 15, fits: (text) => isIPv4(text) },
  /** An IPv6 one may name an interface: fe80::1%eth0. */
  zonedAddress: { what: 'an IP address', longest: 78, fits: isZoned },
  ipv4Range: { what: 'an IPv4 range such as 10.200.0.0/16', longest: 18, fits: isIpv4Range },
  interfaceName: of('the name of a network interface', 32, interfaceForm),
  /** As kernels have them: capitals and underscores too. */
  hostName: of('a host name', 253, /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/),
  /** As Kubernetes takes them. */
  nodeName: of(
    'a node name (lower-case letters, digits, dots and dashes, at most 63)',
    63,
    dnsForm,
  ),
  dnsName: of('a DNS name', 253, dnsForm),
  certificateName: {
    what: 'a DNS name or an IP address',
    longest: 255,
    fits: (text) =>
      text.length <= 255 && (isAddress(text) || dnsForm.test(text.replace(/^\*\./, ''))),
  },
  hostPort: { what: 'HOST:PORT, for example vip.example:6443', longest: 260, fits: isHostPort },
  url: of(
    'an http or https URL',
    2_000,
    new RegExp(`^https?://${hostPart}(:\\d{1,5})?${urlPath}$`),
  ),
  path: {
    what: 'an absolute path',
    longest: 500,
    fits: (text) => text.length <= 500 && pathForm.test(text) && !climbs(text),
  },
  archiveMember: {
    what: 'the name of a member of an archive',
    longest: 255,
    fits: (text) => text.length <= 255 && memberForm.test(text) && !climbs(text),
  },
  unitName: of('the name of a systemd unit', 255, /^[A-Za-z0-9:_.\\@-]+$/),
  version: of('a version', 128, /^[A-Za-z0-9][A-Za-z0-9._+~:@-]*$/),
  /** Empty for systems without versions. */
  osVersion: of('a version of an operating system', 64, /^[A-Za-z0-9._+~:/() -]*$/),
  identifier: of(
    'a name of letters, digits, dots, dashes and underscores',
    128,
    /^[A-Za-z0-9][A-Za-z0-9_.:-]*$/,
  ),
  /** Empty where it is not known. */
  machineId: of('a machine-id', 128, /^([A-Za-z0-9][A-Za-z0-9_.:-]*)?$/),
  variableName: of('the name of an environment variable', 64, /^[A-Za-z_][A-Za-z0-9_]*$/),
  kernelModule: of('the name of a kernel module', 64, /^[A-Za-z0-9][A-Za-z0-9_-]*$/),
  sysctlName: of('the name of a sysctl', 255, /^[A-Za-z0-9][A-Za-z0-9_./:@-]*$/),
  /** Of a host; an operator's own are `line`. */
  sysctlValue: of('the value of a sysctl', 255, /^[A-Za-z0-9_.,:+ -]*$/),
  flagName: of('the name of a command-line flag', 128, /^[a-z0-9][a-z0-9-]*$/),
  labelName: of('the name of a label that Kubernetes takes', 317, labelForm),
  labelValue: of(
    'the value of a label that Kubernetes takes',
    63,
    /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?$/,
  ),
  userName: of('a user name', 63, /^[A-Za-z0-9][A-Za-z0-9._@-]*$/),
  /** Of an operator, and of a context of the command line: never a path, a flag or root@local. */
  operatorName: of(
    'a name of lower-case letters, digits, dots and dashes (at most 48)',
    48,
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
  ),
  /** In whose name a Node is cordoned: stands in an annotation of it. */
  cordonOwner: of('the id of who cordons', 40, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/),
  imageReference: of(
    'a full image reference such as registry.k8s.io/pause:3.10',
    500,
    /^[a-z0-9.-]+(:\d{1,5})?\/[a-z0-9]+([/._-]+[a-z0-9]+)*(:[A-Za-z0-9_][A-Za-z0-9._-]*)?(@sha256:[0-9a-f]{64})?$/,
  ),
  sha256: of('a lower-case hex SHA-256', 64, /^[0-9a-f]{64}$/),
  base64: of('base64', 64 * 1024, /^[A-Za-z0-9+/_-]+=*$/),
  /** Part of file names and of unit names on hosts. */
  planId: of('the id of a plan', 41, /^[A-Za-z0-9][A-Za-z0-9-]*$/),
  bootstrapTokenId: of('the id of a bootstrap token', 6, /^[a-z0-9]{6}$/),
  /** Plan and step of the step that sealed: p0123456789ab/credentials. */
  sealContext: of('a plan and a step', 130, /^[a-z0-9]+\/[a-z0-9][a-z0-9.-]*$/),
  /** A path, or the name of a file that has none. */
  secretName: of('the name of a file', 500, /^[A-Za-z0-9/][A-Za-z0-9/_.-]*$/),
  /** Kind and name in the cluster: deployment/coredns. */
  workload: of('a workload such as deployment/coredns', 128, /^[a-z]+\/[a-z0-9][a-z0-9.-]*$/),
  pem: of(
    'text in PEM',
    64 * 1024,
    /^-----BEGIN [A-Z0-9 ]+-----[A-Za-z0-9+/=\n\r -]+-----[\r\n]*$/,
  ),
  /** An operator's own text, for places that take any: one line without control characters. */
  line: of('one line of text without control characters', 4_096, /^[^\p{C}\p{Zl}\p{Zp}]*$/u),
} as const satisfies Readonly<Record<string, Alphabet>>;

export type TextKind = keyof typeof alphabets;

export const isOf = (kind: TextKind, text: string): boolean => alphabets[kind].fits(text);

/** The text as it is. @throws AppError invalid, naming `where`: a host and a field, a step and an argument. */
export function checked(kind: TextKind, text: string, where: string): string {
  if (isOf(kind, text)) return text;
  throw new AppError('invalid', `${where}: ${quoted(text)} is not ${alphabets[kind].what}`);
}
