/** `512 MiB`, `1.5 GiB`: one decimal at most. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  let value = bytes
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${Math.round(value * 10) / 10} ${units[unit] ?? ''}`
}

/** `60m`, `90s`, `1500ms`: the largest unit that is exact. */
export function formatDuration(ms: number): string {
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000}m`
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`
}

/** `0.2s`, `12.4s`: for times that were measured. */
export function formatElapsed(ms: number): string {
  return `${Math.round(ms / 100) / 10}s`
}
