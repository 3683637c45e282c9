/** Media types that a log can be had in; the first is the default. */
export const LOG_FORMATS = [
  'text/plain',
  'application/x-ndjson',
  'text/event-stream',
  'application/json',
] as const

export type LogFormat = (typeof LOG_FORMATS)[number]

interface Range {
  readonly type: string
  readonly quality: number
}

/**
 * The format that an Accept header likes best (RFC 9110, 12.5.1), or null when it takes none of ours. A
 * format that is named wins over one that only a wildcard lets in, and of those that it likes as much the one that it
 * names first: Drone's clients name JSON, then text.
 */
export function negotiateLogFormat(accept: string | undefined): LogFormat | null {
  if (accept === undefined || accept.trim() === '') return LOG_FORMATS[0]
  const ranges = accept.split(',').map(parseRange)
  let best: { format: LogFormat; quality: number; precision: number } | null = null
  for (const format of inOrder(ranges)) {
    const { quality, precision } = rate(format, ranges)
    const isBetter =
      best === null ||
      quality > best.quality ||
      (quality === best.quality && precision > best.precision)
    if (quality > 0 && isBetter) best = { format, quality, precision }
  }
  return best?.format ?? null
}

/** The formats in the order in which they are named, then those that are not. */
function inOrder(ranges: readonly Range[]): readonly LogFormat[] {
  const named = ranges.flatMap(({ type }) => LOG_FORMATS.filter((format) => format === type))
  return [...new Set([...named, ...LOG_FORMATS])]
}

/** Quality of the most precise range that covers the format, 0 when none does. */
function rate(
  format: LogFormat,
  ranges: readonly Range[],
): { readonly quality: number; readonly precision: number } {
  const wider = [format, `${format.split('/')[0] ?? ''}/*`, '*/*']
  for (const [index, type] of wider.entries()) {
    const range = ranges.find((candidate) => candidate.type === type)
    if (range) return { quality: range.quality, precision: wider.length - index }
  }
  return { quality: 0, precision: 0 }
}

function parseRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  const quality = weight === undefined ? 1 : Number(weight.slice(2))
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 }
}
