// An operator's certificate is renewed by itself while it is used: by any command, before what it came
// for. It is an extra: when it fails the command goes on with the certificate that there is.
import { AppError, isAbort } from '../../../shared/errors.ts';
import type { CliIo } from '../cli-io.ts';
import { type Context, isRenewalDue, validityOf } from './context.ts';
import { openContextFolder } from './context-folder.ts';

const timeoutMs = 5_000;

interface Renewing {
  readonly calls: {
    RenewOperator(
      request: { readonly csr: Uint8Array },
      options: { readonly timeoutMs: number; readonly signal: AbortSignal },
    ): Promise<{ readonly certificatePem: string }>;
  };
}

export async function renewWhenDue(context: Context, client: Renewing, io: CliIo): Promise<void> {
  if (!isRenewalDue(validityOf(context), io.clock.now())) return;
  try {
    const { checkedCertificate, requestFor } = await import('./operator-key.ts');
    const csr = await requestFor(context.keyPem);
    const reply = await client.calls.RenewOperator({ csr }, { timeoutMs, signal: io.signal });
    const certificatePem = checkedCertificate(reply.certificatePem, context);
    await openContextFolder(io).write({ ...context, certificatePem });
  } catch (thrown) {
    if (isAbort(thrown)) throw thrown;
    // Nobody there, or not let in: the command itself is about to say so.
    if (thrown instanceof AppError && thrown.code !== 'invalid') return;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    io.err(`the certificate of context ${context.name} was not renewed: ${why}\n`);
  }
}
