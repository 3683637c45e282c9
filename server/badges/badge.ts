import type { Status } from '../../protocol/status.js'

const GREY = '#6b7280'
const WORDS: Readonly<Record<Status, readonly [word: string, colour: string]>> = {
  success: ['passing', '#15803d'],
  failure: ['failing', '#b91c1c'],
  error: ['error', '#b91c1c'],
  killed: ['cancelled', GREY],
  declined: ['declined', GREY],
  skipped: ['skipped', GREY],
  blocked: ['waiting', '#a16207'],
  waiting_on_dependencies: ['waiting', '#a16207'],
  pending: ['pending', '#a16207'],
  running: ['running', '#1d4ed8'],
}

const LABEL = 'build'
/** Verdana at 11 pixels is about this wide per letter, with some room at both ends. */
const LETTER_WIDTH = 7
const PADDING = 12
const HEIGHT = 20

/** A picture of a status: an SVG that loads nothing. `null`: there is no build. */
export function badgeSvg(status: Status | null): string {
  const [word, colour] = status === null ? (['none', GREY] as const) : WORDS[status]
  const left = widthOf(LABEL)
  const right = widthOf(word)
  const text = (x: number, content: string): string =>
    `<text x="${x}" y="14" text-anchor="middle">${content}</text>`
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" role="img" aria-label="${LABEL}: ${word}">` +
    `<title>${LABEL}: ${word}</title>` +
    `<rect width="${left + right}" height="${HEIGHT}" rx="3" fill="${colour}"/>` +
    `<path d="M3 0h${left - 3}v${HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#374151"/>` +
    `<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">` +
    `${text(left / 2, LABEL)}${text(left + right / 2, word)}</g></svg>\n`
  )
}

function widthOf(text: string): number {
  return text.length * LETTER_WIDTH + PADDING
}
