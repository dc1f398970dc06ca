// How long something took, is ago or is still to come, as people read it. Never a bare 0: what is
// shorter than the unit says so.

const secondMs = 1_000;
const minuteMs = 60_000;

/** `<1s`, `12s`, `5m`, `3h`, `2d`; two units below ten of the larger one. */
export function formatAge(ms: number): string {
  if (ms < secondMs) return '<1s';
  const seconds = Math.floor(ms / secondMs);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 10) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** Time that is left: rounded up to what is shown of it, so that a fresh hour is an hour. */
export function formatRest(ms: number): string {
  const unit = ms > 10 * minuteMs ? minuteMs : secondMs;
  return formatAge(Math.max(Math.ceil(ms / unit), 1) * unit);
}

/** How long a piece of work took: `<0.1s`, `1.2s`, `95.0s`, then as an age. */
export function formatTook(ms: number): string {
  if (ms < 50) return '<0.1s';
  return ms < 100 * secondMs ? `${(ms / secondMs).toFixed(1)}s` : formatAge(ms);
}

/** For a distance between clocks: `90 s`, `5 min`, `3 h`, `400 days`. */
export function roughDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
