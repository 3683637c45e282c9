import type { MapNode, Node } from '../parse/tree.js'
import type { TextPart } from '../plan.js'
import { LINE, text } from './scalars.js'
import type { DecodeContext, JsonSchema } from './shape.js'

/** Text, or the name of the secret that it is taken from. */
export type TextOrSecret =
  | { readonly value: string; readonly secret?: undefined; readonly parts?: undefined }
  | { readonly secret: string; readonly value?: undefined; readonly parts?: undefined }

/** A variable's value: the same, or what is made of text and secrets. */
export type VariableValue =
  | TextOrSecret
  | { readonly parts: readonly TextPart[]; readonly value?: undefined; readonly secret?: undefined }

/** A variable of a program and where its value is written. */
export type Variable = VariableValue & { readonly name: string; readonly node: Node }

const SECRET_NAME = text(LINE)

/** `{from_secret: name}` */
export const SECRET_REF_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'Takes the value from a secret of the repo or of the file.',
  properties: {
    from_secret: { description: 'Name of the secret.', ...SECRET_NAME.schema },
  },
  required: ['from_secret'],
  additionalProperties: false,
}

/** Whether a mapping stands for the value of a secret. */
export function isSecretRef(node: Node): node is MapNode {
  return node.kind === 'map' && node.entries.has('from_secret')
}

/** Whether there is one somewhere below a node. Aliases make no work of it. */
export function holdsSecretRef(root: Node): boolean {
  const seen = new Set<Node>([root])
  for (const node of seen) {
    if (node.kind === 'list') for (const item of node.items) seen.add(item)
    if (node.kind === 'map') for (const { value } of node.entries.values()) seen.add(value)
    if (isSecretRef(node)) return true
  }
  return false
}

/** The name of the secret that `{from_secret: name}` means. Null after an error. */
export function decodeSecretRef(node: MapNode, context: DecodeContext): string | null {
  for (const { key, keySpan } of node.entries.values()) {
    if (key === 'from_secret') continue
    const message = `\`${key}\` has no effect beside \`from_secret\``
    context.reporter.warning('SP_PIPELINE_NO_EFFECT', keySpan, message)
  }
  const name = node.entries.get('from_secret')?.value ?? node
  return SECRET_NAME.decode(name, context, '`from_secret`')?.value ?? null
}
