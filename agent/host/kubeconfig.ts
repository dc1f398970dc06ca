// Reads the kubeconfigs that kubeadm and the kubelet write: one cluster, one user. Not a YAML reader: a
// file with two of anything is refused rather than guessed at. Certificates are always verified, so
// what would switch that off is not even looked at.
import { X509Certificate } from 'node:crypto';
import { posix } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { Host } from './host.ts';

/** PEM texts. Without a certificate and a token the caller is anonymous. */
export interface KubeCredentials {
  /** https://HOST:PORT */
  readonly server: string;
  readonly ca: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

const fields = [
  'server',
  'certificate-authority-data',
  'certificate-authority',
  'client-certificate-data',
  'client-certificate',
  'client-key-data',
  'client-key',
  'token',
] as const;
export type KubeconfigFields = Partial<Record<(typeof fields)[number], string>>;

/** Block style YAML or JSON. @throws AppError invalid */
export function parseKubeconfig(text: string, path: string): KubeconfigFields {
  const found = new Map<string, string>();
  for (const field of fields) {
    const values = [...text.matchAll(fieldPattern(field))].map(([, value = '']) => unquoted(value));
    const [value, another] = values.filter((entry) => entry !== '');
    if (another !== undefined) {
      throw new AppError('invalid', `${path} names ${field} twice: one cluster and user is needed`);
    }
    if (value !== undefined) found.set(field, value);
  }
  return Object.fromEntries(found);
}

/** @throws AppError not-ready (retryable: it is not there yet), invalid */
export async function readKubeconfig(host: Host, path: string): Promise<KubeCredentials> {
  const text = await existing(host, path);
  const config = parseKubeconfig(text, path);
  const part = async (name: 'certificate-authority' | 'client-certificate' | 'client-key') => {
    const data = config[`${name}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
    const file = config[name];
    return file === undefined
      ? undefined
      : await existing(host, posix.resolve(posix.dirname(path), file));
  };
  const [ca, certificate, key] = await Promise.all([
    part('certificate-authority'),
    part('client-certificate'),
    part('client-key'),
  ]);
  const { server, token } = config;
  if (server === undefined || !server.startsWith('https://') || ca === undefined) {
    throw new AppError('invalid', `${path} names no https server with its CA: it is incomplete`);
  }
  return {
    server,
    ca,
    ...(certificate === undefined ? {} : { certificate: blocks(certificate, 'CERTIFICATE') }),
    ...(key === undefined ? {} : { key: blocks(key, '[A-Z ]*PRIVATE KEY') }),
    ...(token === undefined ? {} : { token }),
  };
}

/** The node whose kubelet this is: its certificate says `system:node:NAME`. Null when it is none. */
export function nodeNameOf({ certificate = '' }: KubeCredentials): string | null {
  const subject = certificate === '' ? '' : new X509Certificate(certificate).subject;
  return /^CN=system:node:(.+)$/m.exec(subject)?.[1] ?? null;
}

async function existing(host: Host, path: string): Promise<string> {
  const text = await host.readFile(path);
  if (text === null) {
    throw new AppError('not-ready', `there is no ${path} yet`, { retryable: true });
  }
  return text;
}

function fieldPattern(field: string): RegExp {
  return new RegExp(
    `(?:^[ \\t-]*|[{,]\\s*)["']?${field}["']?:[ \\t]*("[^"]*"|'[^']*'|[^\\s,}]*)`,
    'gm',
  );
}

const unquoted = (value: string): string => value.replace(/^(["'])(.*)\1$/, '$2');

/** The kubelet keeps its certificate and its key in one file. */
function blocks(pem: string, label: string): string {
  const pattern = new RegExp(`-----BEGIN (${label})-----[\\s\\S]*?-----END \\1-----\\n?`, 'g');
  return (pem.match(pattern) ?? []).join('');
}
