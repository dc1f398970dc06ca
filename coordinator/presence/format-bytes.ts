// Sizes as people read them. Pure.

const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 MiB`, `1.5 GiB` */
export function formatBytes(bytes: number): string {
  let size = bytes / 1024;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const text = size < 10 && unit > 0 ? size.toFixed(1).replace(/\.0$/, '') : size.toFixed(0);
  return `${text} ${units[unit]}`;
}
