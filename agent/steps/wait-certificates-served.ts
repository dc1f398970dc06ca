// Waits until the processes of this host show the certificates that lie in their files: what a file says
// helps nobody while the process goes on with the old one.
import { X509Certificate } from 'node:crypto';
import { sha256Hex } from '../../shared/canonical.ts';
import type { StepArgs } from '../../shared/model/step.ts';
import { parseCertificate } from './key-pair-files.ts';
import type { StepContext, StepRunner } from './step-runner.ts';
import { done, type Probe, patient, waits, waitUntil } from './wait-until.ts';

type Args = StepArgs['wait-certificates-served'];

const timeoutMs = 3_000;

export const waitCertificatesServed: StepRunner<'wait-certificates-served'> = {
  kind: 'wait-certificates-served',
  title: ({ ports }) => `wait until ${ports.length} ports serve the certificates on the host`,

  check: async (args, context) => {
    const probe = await patient(() => look(args, context));
    if (probe.kind === 'done') return { kind: 'satisfied', note: probe.value };
    return { kind: 'needed', why: probe.for };
  },

  apply: async (args, context) => {
    const note = await waitUntil(context, { everyMs: 500, probe: () => look(args, context) });
    return { note };
  },

  // It was seen a moment ago.
  verify: async () => {},
};

async function look({ ports }: Args, context: StepContext): Promise<Probe<string>> {
  for (const port of ports) {
    const fault = await portFault(port, context);
    if (fault !== null) return waits(fault);
  }
  return done(`${ports.length} ports serve the certificates on the host`);
}

async function portFault(
  { host, port, certificatePath, keyPath, caPath }: Args['ports'][number],
  context: StepContext,
): Promise<string | null> {
  const read = async (path: string): Promise<string> => (await context.host.readFile(path)) ?? '';
  const own = parseCertificate(await read(certificatePath));
  if (own === null) return `${certificatePath} holds no certificate`;
  const ca = parseCertificate(await read(caPath));
  if (ca === null || !own.verify(ca.publicKey)) return `${certificatePath} is not of ${caPath}`;
  const [certificate, key] = await Promise.all([read(certificatePath), read(keyPath)]);
  const limit = AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]);
  const served = new X509Certificate(
    await context.tlsPeek({ host, port, certificate, key }, limit),
  );
  if (sha256Hex(served.raw) === sha256Hex(own.raw)) return null;
  return `${host}:${port} serves a certificate that ends on ${served.validTo}, and not the one in ${certificatePath}`;
}
