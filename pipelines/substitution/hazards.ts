/**
 * Places of a command where a shell, or what it starts, reads the value of a variable as code. A look at
 * the text before and after a reference: it is good for a warning only.
 * @returns what stands there; undefined for nothing of the kind
 */
export function hazardOf(before: string, after: string): string | undefined {
  const recent = before.slice(-LOOKED_AT)
  const line = recent.slice(recent.lastIndexOf('\n') + 1)
  if (isOpen(line, '$((', '))')) return '$(( ))'
  if (isOpen(line, '((', '))')) return '(( ))'
  const [rest = ''] = after.slice(0, LOOKED_AT).split(/\]\]|\n/, 1)
  const test = line.lastIndexOf('[[')
  if (isOpen(line, '[[', ']]') && COMPARES.test(line.slice(test) + rest)) return '[[ ]]'
  const found = SECOND_SHELL.exec(line)
  if (found === null || isEnded(line.slice(found.index + found[0].length))) return undefined
  return found[0]
    .replace(/^[\s;&|(/]+/, '')
    .replace(/\s+/g, ' ')
    .trim()
}

const LOOKED_AT = 300
const COMPARES = /\s-(?:eq|ne|lt|le|gt|ge)\s/
const SECOND_SHELL =
  /(?:^|[\s;&|(/])(?:(?:ba|da|a|k|z)?sh\s+(?:-\S+\s+){0,9}-[A-Za-z]*c\s|su\s[^;&|]*?-c\s|(?:eval|let|ssh)\s)/

function isOpen(line: string, open: string, close: string): boolean {
  const at = line.lastIndexOf(open)
  return at >= 0 && !line.slice(at).includes(close)
}

/** Whether the command ends before the reference: outside of quotes, and in single quotes it is inert. */
function isEnded(text: string): boolean {
  let quote = ''
  for (const character of text) {
    if (quote !== '') quote = character === quote ? '' : quote
    else if (character === '"' || character === "'") quote = character
    else if (/[;&|)]/.test(character)) return true
  }
  return quote === "'"
}
