// What a renewal finds on the host, written down before anything of it is touched: afterwards every one of
// these certificates is another one. So a renewal that was cut off is taken up where it was, one that is
// over is not done again, and no clock has a say in it.
import type { StepContext } from './step-runner.ts';

export interface RenewalRecord {
  /** Which renewal. */
  readonly renewal: string;
  /** SHA-256 of each certificate by its path; empty where there was none. */
  readonly before: Readonly<Record<string, string>>;
}

export interface RenewalBook {
  /** Null before the renewal was begun here. */
  read(renewal: string): Promise<RenewalRecord | null>;
  /** Keeps what is there, unless the very renewal was begun already. */
  begin(renewal: string, before: RenewalRecord['before']): Promise<RenewalRecord>;
}

/** @param name of what is renewed: one record is kept of each */
export function renewalBook(
  name: string,
  { host, stateDirectory }: Pick<StepContext, 'host' | 'stateDirectory'>,
): RenewalBook {
  const path = `${stateDirectory}/renewals/${name}.json`;
  const read: RenewalBook['read'] = async (renewal) => {
    const text = await host.readFile(path);
    if (text === null) return null;
    const record = JSON.parse(text) as RenewalRecord;
    return record.renewal === renewal ? record : null;
  };
  return {
    read,
    begin: async (renewal, before) => {
      const begun = await read(renewal);
      if (begun !== null) return begun;
      const record = { renewal, before };
      await host.writeFile(path, `${JSON.stringify(record)}\n`, 0o600);
      return record;
    },
  };
}
