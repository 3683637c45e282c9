import { quote } from '../diagnostics/quote.js'
import { VARIABLE_LENGTH_MAX } from '../limits.js'
import { isNull, type Node } from '../parse/tree.js'
import { SUBSTITUTED_PREFIX } from '../substitution/shell-variables.js'
import { ANY_TEXT, text, type TextRules, wrong, wrongKind } from './scalars.js'
import {
  decodeSecretRef,
  holdsSecretRef,
  isSecretRef,
  SECRET_REF_SCHEMA,
  type Variable,
  type VariableValue,
} from './secret-ref.js'
import { encodeSetting } from './settings-encoding.js'
import type { DecodeContext, Shape } from './shape.js'

/**
 * Names of variables. They reach a program through execve(2), so they have no `=` and no NUL.
 * `__proto__` is refused because plans are plain JSON objects.
 */
export const VARIABLE_NAME: TextRules = {
  pattern: '^(?!__proto__$)[^=\\u0000-\\u0020\\u007f]+$',
  rule: 'be the name of a variable',
}

const NAME_PATTERN = new RegExp(VARIABLE_NAME.pattern, 'u')
const VALUE = text({ ...ANY_TEXT, lengthMax: VARIABLE_LENGTH_MAX })

/** Variables for programs. */
export const ENVIRONMENT: Shape<readonly Variable[]> = {
  schema: {
    type: 'object',
    propertyNames: { pattern: VARIABLE_NAME.pattern },
    additionalProperties: {
      anyOf: [
        { ...VALUE.schema, type: ['string', 'number', 'boolean', 'null'] },
        SECRET_REF_SCHEMA,
      ],
    },
  },
  emptyAllowed: true,
  decode(node, context, where) {
    if (node.kind !== 'map') {
      return wrongKind(node, context, `${where} must be a mapping`, 'write `NAME: value`')
    }
    return [...node.entries.values()].flatMap(({ key, keySpan, value }) => {
      checkVariableName(key, keySpan, context)
      const decoded = decodeValue(value, context, quote(key))
      return decoded === null ? [] : [{ name: key, node: value, ...decoded }]
    })
  },
}

/** Reports a name that no variable can have. */
export function checkVariableName(
  name: string,
  span: Node['span'],
  { reporter }: DecodeContext,
): void {
  if (name.startsWith(SUBSTITUTED_PREFIX)) {
    const message = `names that start with \`${SUBSTITUTED_PREFIX}\` are taken by values of \`\${}\``
    reporter.error('SP_PIPELINE_RESERVED_NAME', span, message)
    return
  }
  if (NAME_PATTERN.test(name)) return
  reporter.error('SP_PIPELINE_VALUE', span, `${quote(name)} can't be the name of a variable`)
}

function decodeValue(node: Node, context: DecodeContext, where: string): VariableValue | null {
  if (isNull(node)) return { value: '' }
  if (isSecretRef(node)) {
    const secret = decodeSecretRef(node, context)
    return secret === null ? null : { secret }
  }
  if (node.kind === 'scalar') {
    const decoded = VALUE.decode(node, context, where)
    return decoded && { value: decoded.value }
  }
  if (holdsSecretRef(node)) return valueWithSecrets(node, context, where)
  const hint = 'write text, or `{from_secret: name}`'
  return wrong(node, context, `${where} must be text, not a list or a mapping`, hint)
}

/** Woodpecker's, as the setting of a plugin: whoever takes secrets out of a list has no other way to write it. */
function valueWithSecrets(node: Node, context: DecodeContext, where: string): VariableValue | null {
  const encoded = encodeSetting(node, context)
  return 'problem' in encoded ? wrong(node, context, `${where} ${encoded.problem}`) : encoded
}
