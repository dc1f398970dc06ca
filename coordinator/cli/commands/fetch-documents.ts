// Documents of a kind from the coordinator, parsed.
import type { Document } from '../../operator/documents.ts';
import type { Call } from '../connection.ts';

export interface Fetched<D extends Document> {
  readonly documents: readonly D[];
  readonly revision: number;
}

/** The caller names the type that belongs to the kind: both ends are of one version. */
export async function fetchDocuments<D extends Document>(
  call: Call,
  kind: string,
  name = '',
): Promise<Fetched<D>> {
  const reply = await call('Get', { kind, name });
  const documents = reply.documents.map((bytes) => JSON.parse(bytes.toString('utf8')) as D);
  return { documents, revision: reply.revision };
}
