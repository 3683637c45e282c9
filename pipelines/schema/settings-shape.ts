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
  const encoded = encodeSetting(node, context)
  return 'problem' in encoded ? wrong(node, context, `${where} ${encoded.problem}`) : encoded
}
