/** The forms of a value in words, from its JSON Schema: `text or list of texts`. */
export function valueWords(schema) {
  return [...new Set(forms(schema))].join(' or ')
}

/** Definitions of the schema that have a page, or a word, of their own. */
const DEFINED = {
  conditions: 'conditions, or a list of them',
  dependencies: 'name, `{name, optional}`, or a list of them',
  includedSteps: 'step',
  dockerStep: 'step',
  environment: 'mapping of names to text or `{from_secret}`',
  resources: 'mapping',
  settings: 'mapping',
}

function forms(schema) {
  if (schema.deprecated === true) return ['anything']
  if (schema.$ref !== undefined) return [DEFINED[schema.$ref.split('/').pop()] ?? 'mapping']
  if (schema.anyOf !== undefined) return schema.anyOf.flatMap(forms)
  if (schema.enum !== undefined)
    return [
      schema.enum
        .filter((one) => one !== '')
        .map(code)
        .join(', '),
    ]
  const unit = unitOf(schema)
  if (unit !== undefined) return [unit]
  return [schema.type ?? 'anything'].flat().flatMap((type) => formOf(type, schema))
}

/** Values with a unit say by their examples what they look like. */
function unitOf({ examples, type, pattern }) {
  if (examples?.includes('10m')) return 'time: `90s`, `10m`, `1h30m`'
  if (examples?.includes('512m')) return 'size: `512m`, `1g`, bytes'
  if ([type].flat().includes('number') && pattern?.includes('(m?)')) return 'number, or `500m`'
  return undefined
}

function formOf(type, schema) {
  switch (type) {
    case 'string':
      return ['text']
    case 'integer':
      return [`whole number${range(schema)}`]
    case 'boolean':
      return [schema.type === 'boolean' ? '`true`, `false`' : 'text']
    case 'array':
      return [`list of ${plural(valueWords(schema.items ?? {}))}`]
    case 'object':
      return ['mapping']
    case 'null':
      return []
    default:
      return type === 'number' ? ['text'] : [type]
  }
}

/** Bounds that are there for safety alone say nothing to a reader. */
const BOUND_MAX = 65_535

function range({ minimum, maximum }) {
  if (minimum === undefined || maximum === undefined || maximum > BOUND_MAX) return ''
  return `, ${minimum} to ${maximum}`
}

function plural(words) {
  const known = { text: 'texts', mapping: 'mappings', step: 'steps', anything: 'anything' }
  return (
    known[words] ?? (words.startsWith('whole number') ? words.replace('number', 'numbers') : words)
  )
}

function code(word) {
  return `\`${String(word)}\``
}
