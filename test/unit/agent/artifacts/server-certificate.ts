// A throwaway self-signed certificate for the name all coordinators share, made with openssl.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServerCertificate {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

export function aServerCertificate(): ServerCertificate {
  const directory = mkdtempSync(join(tmpdir(), 'muster-certificate-'));
  const key = join(directory, 'key');
  const certificate = join(directory, 'certificate');
  try {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-subj', '/CN=test', '-addext', 'subjectAltName=DNS:coordinator.muster.internal'],
        ...['-days', '1', '-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    const text = readFileSync(certificate, 'utf8');
    return { certificate: text, key: readFileSync(key, 'utf8'), ca: text };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
