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

/** The lines of a tree, the root's own first. `draw` styles the marks. */
export function treeLines(
  { text, children = [] }: TreeNode,
  marks: TreeMarks,
  draw: (marks: string) => string,
): string[] {
  const below = children.flatMap((child, index) => {
    const isLast = index === children.length - 1
    const [first = '', ...others] = treeLines(child, marks, draw)
    const [mark, indent] = isLast ? [marks.last, marks.blank] : [marks.branch, marks.through]
    return [draw(mark) + first, ...others.map((line) => draw(indent) + line)]
  })
  return [text, ...below]
}
