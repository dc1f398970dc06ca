// /proc/self/mountinfo as a list, read as proc(5) describes it.
import { unescapeOctal } from '../host/octal-escape.ts';

export interface Mount {
  readonly mountPoint: string;
  readonly filesystem: string;
  /** Of the file system itself, for example the controllers of a cgroup mount. */
  readonly superOptions: readonly string[];
}

export function parseMountInfo(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after] = line.split(' - ', 2);
    const mountPoint = before.split(' ')[4];
    const [filesystem, , superOptions = ''] = after?.split(' ') ?? [];
    if (mountPoint === undefined || filesystem === undefined) return [];
    return [
      { mountPoint: unescapeOctal(mountPoint), filesystem, superOptions: superOptions.split(',') },
    ];
  });
}

/** The mount that a path lies on; of two at the same place the later one covers the earlier. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | null {
  let best: Mount | null = null;
  for (const mount of mounts) {
    const { mountPoint } = mount;
    const isAbove = mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
    if (isAbove && mountPoint.length >= (best?.mountPoint.length ?? 0)) best = mount;
  }
  return best;
}
