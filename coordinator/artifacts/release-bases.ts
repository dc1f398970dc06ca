// Mirrors with the layout of the official sites: a host's addresses replaced by another base. Locks
// keep the official address, so a lock means the same whatever mirror filled the store. Pure.
import { AppError } from '../../shared/errors.ts';

export class ReleaseBases {
  readonly #bases: ReadonlyMap<string, string>;

  /** @param bases host name to base URL, for example dl.k8s.io to https://mirror.example/k8s */
  constructor(bases: Readonly<Record<string, string>> = {}) {
    this.#bases = new Map(
      Object.entries(bases).map(([host, base]) => [host, base.replace(/\/+$/, '')]),
    );
  }

  apply(url: string): string {
    const parsed = new URL(url);
    const base = this.#bases.get(parsed.host);
    return base === undefined ? url : `${base}${parsed.pathname}${parsed.search}`;
  }
}

/** `HOST=URL` as given on the command line. @throws AppError usage */
export function parseReleaseBases(options: readonly string[]): ReleaseBases {
  const entries = options.map((option) => {
    const [, host, base] = /^([^=/]+)=(https?:\/\/.+)$/.exec(option) ?? [];
    if (host === undefined || base === undefined) {
      throw new AppError(
        'usage',
        `--base ${JSON.stringify(option)}: expected HOST=URL, for example dl.k8s.io=https://mirror.example/k8s`,
      );
    }
    return [host, base] as const;
  });
  return new ReleaseBases(Object.fromEntries(entries));
}
