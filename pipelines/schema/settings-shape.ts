import { quote } from '../diagnostics/quote.js'
import { isNull, type Node } from '../parse/tree.js'
import { checkVariableName, VARIABLE_NAME } from './environment-shape.js'
import { wrong, wrongKind } from './scalars.js'
import { decodeSecretRef, isSecretRef, type Variable, type VariableValue } from './secret-ref.js'
import { encodeSetting } from './settings-encoding.js'
import type { DecodeContext, Shape } from './shape.js'

/** Settings of a plugin, as the variables `PLUGIN_...` that it reads. */
export const SETTINGS: Shape<readonly Variable[]> = {
  schema: { type: 'object', propertyNames: { pattern: VARIABLE_NAME.pattern } },
  emptyAllowed: true,
  decode(node, context, where) {
    if (node.kind !== 'map') {
      return wrongKind(node, context, `${where} must be a mapping`, 'write `setting: value`')
    }
    return [...node.entries.values()].flatMap(({ key, keySpan, value }) => {
      checkVariableName(key, keySpan, context)
      const decoded = isNull(value) ? null : decodeSetting(value, context, quote(key))
      return decoded === null ? [] : [{ name: variableOf(key, context), node: value, ...decoded }]
    })
  },
}

function variableOf(setting: string, { dialect }: DecodeContext): string {
  const name = dialect === 'woodpecker' ? setting.replace(/[.-]/g, '_') : setting
  return `PLUGIN_${name.toUpperCase()}`
}

function decodeSetting(node: Node, context: DecodeContext, where: string): VariableValue | null {
  if (isSecretRef(node)) {
    const secret = decodeSecretRef(node, context)
    return secret === null ? null : { secret }
  }
  warnOfSecretsInside(node, context)
  const encoded = encodeSetting(node, context)
  if ('problem' in encoded) return wrong(node, context, `${where} ${encoded.problem}`)
  if (!encoded.value.includes('\0')) return encoded
  return wrong(node, context, `${where} must not hold a NUL character`)
}

/** Only a setting as a whole can be a secret: what is inside of lists and mappings stays as it is. */
function warnOfSecretsInside(root: Node, { reporter }: DecodeContext): void {
  const seen = new Set<Node>([root])
  for (const node of seen) {
    if (node.kind === 'scalar') continue
    const values =
      node.kind === 'list' ? node.items : [...node.entries.values()].map((entry) => entry.value)
    for (const value of values) seen.add(value)
    if (!isSecretRef(node)) continue
    const message = '`from_secret` inside of a list or mapping is not replaced'
    const hint = 'make the secret a setting of its own, or hold the whole setting in a secret'
    reporter.warning('SP_PIPELINE_NO_EFFECT', node.span, message, hint)
  }
}
