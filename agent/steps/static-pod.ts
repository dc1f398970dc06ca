// What a static pod's manifest says that its container runs: image and argv. Not a YAML reader: only the
// form in which kubeadm writes manifests. Pure.
import { AppError } from '../../shared/errors.ts';

export interface StaticPod {
  readonly image: string;
  readonly argv: readonly string[];
}

/** @throws AppError invalid */
export function staticPodIn(manifest: string, name: string): StaticPod {
  const image = /^ {4}image: (.+)$/m.exec(manifest)?.[1];
  const command = /^ {2}- command:\n((?: {4}(?:- | {2}).*\n)+)/m.exec(manifest)?.[1];
  if (image === undefined || command === undefined) {
    throw new AppError('invalid', `the manifest of ${name} is not of the form that kubeadm writes`);
  }
  // A long value with spaces goes on in the next line.
  const entries = command.replace(/\n {6}/g, ' ').match(/(?<=^ {4}- ).*$/gm) ?? [];
  return { image: plain(image), argv: entries.map(plain) };
}

function plain(scalar: string): string {
  const text = scalar.trim();
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  return text.startsWith('"') ? String(JSON.parse(text)) : text;
}

/** Value of a flag of its command. */
export const flagOf = ({ argv }: StaticPod, name: string): string | undefined =>
  argv.find((entry) => entry.startsWith(`--${name}=`))?.slice(name.length + 3);
