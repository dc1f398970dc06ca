// Reads `systemctl show`: pure, so that every state systemd can answer is a row of a table in the tests.

export type UnitState =
  | { readonly kind: 'running' }
  | { readonly kind: 'exited'; readonly exitCode: number }
  | { readonly kind: 'killed'; readonly why: string }
  /** Not there, or never ran: nothing is known of its outcome. */
  | { readonly kind: 'gone' };

/** `Name=value` lines. Of several units only the last one's. */
export function parseProperties(text: string): Readonly<Record<string, string>> {
  const entries = text
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line): [string, string] => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    });
  return Object.fromEntries(entries);
}

/** Type of a job (`start`, `stop` …) in the text of `systemctl list-jobs`; null when it is not there. */
export function jobTypeOf(text: string, job: string): string | null {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  return rows.find(([number]) => number === job)?.[2] ?? null;
}

const going = ['activating', 'deactivating', 'reloading', 'refreshing', 'maintenance'];

/** The state of one of our oneshot units. */
export function unitStateOf(shown: Readonly<Record<string, string>>): UnitState {
  const active = shown['ActiveState'] ?? '';
  if (shown['LoadState'] !== 'loaded') return { kind: 'gone' };
  if (going.includes(active)) return { kind: 'running' };
  if (active === 'active') {
    return shown['SubState'] === 'exited' ? exited(shown) : { kind: 'running' };
  }
  if (active !== 'failed') return { kind: 'gone' };
  const result = shown['Result'] ?? 'unknown';
  return result === 'exit-code' ? exited(shown) : { kind: 'killed', why: result };
}

function exited(shown: Readonly<Record<string, string>>): UnitState {
  return { kind: 'exited', exitCode: Number(shown['ExecMainStatus'] ?? '0') };
}
