import { stripTerminalText } from '../terminal/sanitize.js'

/** A line of a tree with what is below it. */
export interface TreeNode {
  readonly text: string
  readonly children?: readonly TreeNode[]
}

/** What a tree is drawn with. */
export interface TreeMarks {
  readonly branch: string
  readonly last: string
  readonly through: string
  readonly blank: string
}

export const BOX_MARKS: TreeMarks = {
  branch: '├─ ',
  last: '└─ ',
  through: '│  ',
  blank: '   ',
}

export const ASCII_MARKS: TreeMarks = {
  branch: '|- ',
  last: '`- ',
  through: '|  ',
  blank: '   ',
}

/** Whether a terminal with these variables shows more than ASCII, as locale(7) decides it. */
export function isUtf8Locale(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return /utf-?8/i.test(locale)
}

/** How a tree is drawn. */
export interface TreeStyle {
  readonly marks: TreeMarks
  /** Styles the marks. */
  readonly draw: (marks: string) => string
  /** Columns of a line; longer ones go on below, a little to the right. */
  readonly width: number
}

/** The lines of a tree, the root's own first. */
export function treeLines({ text, children = [] }: TreeNode, style: TreeStyle): string[] {
  const { marks, draw, width } = style
  const below = children.flatMap((child, index) => {
    const isLast = index === children.length - 1
    const inner = { ...style, width: width - marks.blank.length }
    const [first = '', ...others] = treeLines(child, inner)
    const [mark, indent] = isLast ? [marks.last, marks.blank] : [marks.branch, marks.through]
    return [draw(mark) + first, ...others.map((line) => draw(indent) + line)]
  })
  // What goes on stands right of the mark that leads to the first child.
  const [first = '', ...others] = wrapped(text, width, HANGING)
  const lead = children.length > 0 ? draw(marks.through) + ' ' : ' '.repeat(HANGING)
  return [first, ...others.map((line) => lead + line), ...below]
}

const HANGING = 4
/** Below this nothing is wrapped: it would be a word a line. */
const WIDTH_MIN = 24

/** Breaks a text at blanks; a word that is too long stays whole. Colours take no columns. */
function wrapped(text: string, width: number, hanging: number): string[] {
  if (width < WIDTH_MIN) return [text]
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const room = lines.length === 0 ? width : width - hanging
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

function columnsOf(text: string): number {
  return stripTerminalText(text).length
}
