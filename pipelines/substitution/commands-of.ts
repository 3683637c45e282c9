import type { MapNode, Node } from '../parse/tree.js'

/** Keys of a step whose values shells read, by how deep they are. */
export type CommandKeys = ReadonlySet<string>

/**
 * The keys of a step that hold text for a shell: `commands`, and the program when it is a shell with a
 * `-c`. Looks at the text alone, so what only looks like a shell is treated as one; it loses nothing but
 * that values of variables are not in its text.
 */
export function commandKeysOf(step: MapNode): CommandKeys {
  const program = PROGRAM_KEYS.map((key) => textOf(step.entries.get(key)?.value)).join(' ')
  return new Set(isShell(program) ? ['commands', ...PROGRAM_KEYS] : ['commands'])
}

/** Whether a health check's command is for a shell: text always is. */
export function isShellCheck(command: Node): boolean {
  return command.kind === 'scalar' || isShell(textOf(command))
}

const PROGRAM_KEYS = ['entrypoint', 'command'] as const

function isShell(program: string): boolean {
  return SHELL.test(program) && SHELL_FLAG.test(program)
}

const SHELL = /(?:^|[\s/])(?:ba|da|a|k|z)?sh(?:\s|$)/
const SHELL_FLAG = /(?:^|\s)-[a-z]*c(?:\s|$)/

/** The words of a program, as far as they tell whether it is a shell. */
function textOf(node: Node | undefined): string {
  if (node?.kind === 'scalar') return node.text.slice(0, LOOKED_AT)
  if (node?.kind !== 'list') return ''
  return node.items
    .slice(0, WORDS)
    .map((item) => (item.kind === 'scalar' ? item.text.slice(0, LOOKED_AT) : ''))
    .join(' ')
}

const WORDS = 20
const LOOKED_AT = 200
