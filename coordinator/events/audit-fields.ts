// What of an entry's fields goes into the audit log: who writes an entry passes on what others said, and
// no line may become so long that the log cannot be read back or the disk is somebody else's. Pure.

const longestText = 1_024;
const mostEntries = 100;
const deepest = 5;
/** Of a line as JSON, in characters. */
export const LONGEST_FIELDS = 32 * 1024;

/** A copy with long texts, lists and tables cut, each cut shown. */
export function boundedFields(fields: object): Readonly<Record<string, unknown>> {
  const cut = bounded(fields, 0) as Readonly<Record<string, unknown>>;
  const { length } = JSON.stringify(cut);
  return length > LONGEST_FIELDS ? { cutFields: Object.keys(cut), characters: length } : cut;
}

function bounded(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    if (value.length <= longestText) return value;
    return `${value.slice(0, longestText)}… (${value.length} characters)`;
  }
  if (value === null || typeof value !== 'object') return value;
  if (depth === deepest) return '…';
  if (Array.isArray(value)) {
    const kept = value.slice(0, mostEntries).map((entry) => bounded(entry, depth + 1));
    return value.length > mostEntries ? [...kept, `… (${value.length} entries)`] : kept;
  }
  const entries = Object.entries(value);
  const kept = entries
    .slice(0, mostEntries)
    .map(([name, entry]) => [name.slice(0, 128), bounded(entry, depth + 1)] as const);
  const rest = entries.length > mostEntries ? [['…', `${entries.length} fields`] as const] : [];
  return Object.fromEntries([...kept, ...rest]);
}
