// `coordinator get KIND [NAME]`
import { AppError } from '../../../shared/errors.ts';
import { type Document, type DocumentKind, documentKinds } from '../../operator/documents.ts';
import { nearestName } from '../../spec/nearest.ts';
import type { CliIo } from '../cli-io.ts';
import { type Call, type ConnectionOptions, withCoordinator, withPatience } from '../connection.ts';
import { formatDocuments, parseFormat, type Shown } from '../output.ts';
import { parseSelector, type Selector } from '../selector.ts';
import { fetchDocuments } from './fetch-documents.ts';

interface GetOptions extends ConnectionOptions {
  readonly kind: string;
  readonly name?: string;
  readonly output: string;
  readonly selector?: string;
  readonly watch?: boolean;
}

/** `get node x` is what people type. @throws AppError usage */
function parseKind(text: string): DocumentKind {
  const plural = text.toLowerCase().replace(/s?$/, 's');
  const kind = documentKinds.find((candidate) => candidate === plural);
  if (kind !== undefined) return kind;
  const nearest = nearestName(plural, documentKinds);
  const hint =
    nearest === null ? `there are: ${documentKinds.join(', ')}` : `did you mean ${nearest}?`;
  throw new AppError('usage', `there is no kind "${text}"; ${hint}`);
}

export async function get(options: GetOptions, io: CliIo): Promise<undefined> {
  const kind = parseKind(options.kind);
  const format = parseFormat(options.output);
  const selector = parseSelector(options.selector ?? '');
  const name = options.name ?? '';
  const shown = (): Shown => ({
    kind,
    format,
    now: io.clock.now(),
    isSingle: name !== '' && kind !== 'events',
  });
  const work = async (call: Call): Promise<void> => {
    const first = await fetchDocuments<Document>(call, kind, name);
    const documents = select(first.documents, selector);
    io.out(formatDocuments(documents, shown()));
    if (documents.length === 0 && format === 'table') io.err(`no ${kind}\n`);
    if (options.watch !== true) return;
    await follow(
      { call, kind, name, selector, revision: first.revision, seen: documents },
      (changed) => {
        const text = formatDocuments(changed, shown());
        // The headers are on the screen already.
        io.out(format === 'table' || format === 'wide' ? text.slice(text.indexOf('\n') + 1) : text);
      },
    );
  };
  if (options.watch === true) await withPatience(options, io, { untilMs: null, work });
  else await withCoordinator(options, io, work);
  return undefined;
}

const select = (documents: readonly Document[], selector: Selector): readonly Document[] =>
  documents.filter((document) => selector(document.labels));

interface Follow {
  readonly call: Call;
  readonly kind: string;
  readonly name: string;
  readonly selector: Selector;
  readonly revision: number;
  readonly seen: readonly Document[];
}

/** Shows what differs from what was shown; ends with the signal, as an abort. */
async function follow(from: Follow, show: (changed: readonly Document[]) => void): Promise<void> {
  const texts = new Map(from.seen.map((document) => [document.name, JSON.stringify(document)]));
  let { revision } = from;
  for (;;) {
    const reply = await from.call('Watch', { revision });
    if (reply.revision === revision) continue;
    const next = await fetchDocuments<Document>(from.call, from.kind, from.name);
    revision = next.revision;
    const changed = select(next.documents, from.selector).filter(
      (document) => texts.get(document.name) !== JSON.stringify(document),
    );
    for (const document of changed) texts.set(document.name, JSON.stringify(document));
    if (changed.length > 0) show(changed);
  }
}
