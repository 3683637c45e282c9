import { describeKind, isNull, type Node } from '../parse/tree.js'
import { text, wrong, wrongKind } from './scalars.js'
import type { DecodeContext, Located, Shape } from './shape.js'

const COMMAND = text({
  pattern: '^(?=[\\s\\S]*\\S)[^\\u0000]*$',
  rule: 'hold a command, without NUL characters',
})

/** Commands of a step: one, or a list of them. */
export interface Commands {
  readonly items: readonly Located<string>[]
  readonly node: Node
}

/**
 * Shell commands. An empty entry (`- # not now`) is warned about and left out; at least one command
 * must remain.
 */
export const COMMANDS: Shape<Commands> = {
  schema: {
    anyOf: [
      COMMAND.schema,
      {
        type: 'array',
        items: { type: ['string', 'number', 'boolean', 'null'], pattern: '^[^\\u0000]*$' },
        contains: COMMAND.schema,
      },
    ],
  },
  emptyAllowed: true,
  decode(node, context, where) {
    if (node.kind === 'map')
      return wrongKind(node, context, `${where} must be text or a list`, HINT)
    if (node.kind === 'scalar') return one(COMMAND.decode(node, context, where), node)
    if (node.items.every(isBlank)) return withoutCommand(node, context, where)
    return { items: node.items.flatMap((item) => decodeEntry(item, context, where)), node }
  },
}

const HINT = 'quote a command that holds `: `'

/** Without commands the image's own program runs, as in Drone, which may not be what was meant. */
function withoutCommand(node: Node, { reporter }: DecodeContext, where: string): null {
  const message = `${where} holds no command: the image's own program runs`
  reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, message)
  return null
}

function one(command: Located<string> | null, node: Node): Commands | null {
  return command && { items: [command], node }
}

function decodeEntry(node: Node, context: DecodeContext, where: string): Located<string>[] {
  if (isBlank(node)) {
    const message = `an entry of ${where} is empty`
    context.reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, message)
    return []
  }
  if (node.kind !== 'scalar') {
    wrong(node, context, `an entry of ${where} must be text, but it is ${describeKind(node)}`, HINT)
    return []
  }
  const command = COMMAND.decode(node, context, `an entry of ${where}`)
  return command === null ? [] : [command]
}

function isBlank(node: Node): boolean {
  return isNull(node) || (node.kind === 'scalar' && node.text.trim() === '')
}
