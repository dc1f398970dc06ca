// A secret on its way between two simulated hosts. Sealing itself is proven elsewhere; here it is base64
// that says what is in it, so that nothing of it waits for a thread.
import type { SealedSecret } from '../../../shared/model/step.ts';

export interface Secret {
  readonly identity: string;
  readonly files: Readonly<Record<string, string>>;
}

export const seal = (secret: Secret, context: string): SealedSecret => ({
  encapsulated: 'AAAA',
  ciphertext: Buffer.from(JSON.stringify(secret)).toString('base64'),
  context,
});

export const unseal = ({ ciphertext }: SealedSecret): Secret =>
  JSON.parse(Buffer.from(ciphertext, 'base64').toString('utf8')) as Secret;
