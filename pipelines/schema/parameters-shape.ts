import { compact } from '../compile/compact.js'
import { quote } from '../diagnostics/quote.js'
import type { ExpressionEffort } from '../expressions/values.js'
import { PARAMETER_VALUE_MAX, PARAMETERS_MAX } from '../limits.js'
import { fitValue, patternProblem } from '../parameters/fit-value.js'
import {
  PARAMETER_NAME_HINT,
  PARAMETER_NAME_PATTERN,
  parameterNameProblem,
} from '../parameters/names.js'
import { type Entry, isNull, type Node } from '../parse/tree.js'
import type { ParameterPlan } from '../plan.js'
import { list } from './collections.js'
import { type DecodedObject, type Keys, object } from './object.js'
import { ANY_TEXT, choice, flag, integer, LINE, text, wrongKind } from './scalars.js'
import type { DecodeContext, Located, Shape } from './shape.js'

const WHOLE = integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
const DESCRIPTION_LENGTH_MAX = 500

const PARAMETER_KEYS = {
  type: {
    shape: choice(['string', 'boolean', 'integer', 'choice']),
    default: 'string',
    description: 'What its value is.',
    origin: 'sandpiper',
  },
  description: {
    shape: text({ ...LINE, lengthMax: DESCRIPTION_LENGTH_MAX }),
    description: 'What it is for, for whoever starts the build.',
    origin: 'sandpiper',
  },
  default: {
    shape: text({ ...ANY_TEXT, lengthMax: PARAMETER_VALUE_MAX }),
    description: 'The value of builds that are started without one, by any event.',
    origin: 'sandpiper',
  },
  required: {
    shape: flag(),
    default: false,
    description: 'Builds by hand, promotions and rollbacks are refused without a value.',
    origin: 'sandpiper',
  },
  options: {
    shape: list(text({ ...LINE, lengthMax: PARAMETER_VALUE_MAX }), PARAMETERS_MAX),
    description: 'What a `choice` can be.',
    origin: 'sandpiper',
  },
  minimum: {
    shape: WHOLE,
    description: 'The least that an `integer` can be.',
    origin: 'sandpiper',
  },
  maximum: { shape: WHOLE, description: 'The most that an `integer` can be.', origin: 'sandpiper' },
  pattern: {
    shape: text(LINE),
    description:
      'Regular expression of RE2 that a `string` must match; `^` and `$` are its start and end.',
    origin: 'sandpiper',
  },
} satisfies Keys

const PARAMETER = object(PARAMETER_KEYS)

/** Sentences for the key's `description`. */
export const PARAMETERS_DESCRIPTION =
  'Values that whoever starts a build can give it, by name: each is a variable of all steps of the build.'

/** The key's `example`. */
export const PARAMETERS_EXAMPLE =
  'parameters:\n  environment: { type: choice, options: [staging, production], default: staging }\n' +
  '  replicas: { type: integer, minimum: 1, maximum: 20, default: 2 }'

/** A parameter with the place of its name. */
export interface DeclaredParameter {
  readonly plan: ParameterPlan
  readonly span: Entry['keySpan']
}

/**
 * `parameters` of a pipeline. They are read before anything of it is decoded (see `decodeParameters`), so there is
 * nothing left to report.
 */
export const PARAMETERS: Shape<Located<null>> = {
  schema: {
    type: 'object',
    propertyNames: { pattern: PARAMETER_NAME_PATTERN },
    additionalProperties: { ...PARAMETER.schema, type: ['object', 'null'] },
    maxProperties: PARAMETERS_MAX,
  },
  emptyAllowed: true,
  keys: PARAMETER_KEYS,
  decode: (node) => ({ value: null, node }),
}

export interface ParametersContext extends DecodeContext {
  /** What patterns may cost: shared by all documents of a compilation. */
  readonly effort: ExpressionEffort
}

/** The parameters that a pipeline declares. What can't be used is reported, and left out. */
export function decodeParameters(
  node: Node,
  context: ParametersContext,
): readonly DeclaredParameter[] {
  if (node.kind !== 'map') {
    const hint = 'write `NAME: {type: string}`'
    wrongKind(node, context, '`parameters` must be a mapping', hint)
    return []
  }
  if (node.entries.size > PARAMETERS_MAX) {
    const message = `\`parameters\` has ${node.entries.size} entries, more than ${PARAMETERS_MAX}`
    context.reporter.error('SP_PIPELINE_TOO_LARGE', node.span, message)
    return []
  }
  return [...node.entries.values()].flatMap((entry) => decodeEntry(entry, context))
}

function decodeEntry(
  { key, keySpan, value }: Entry,
  context: ParametersContext,
): DeclaredParameter[] {
  const problem = parameterNameProblem(key)
  if (problem !== '') {
    const message = `the parameter ${quote(key)} ${problem}`
    context.reporter.error('SP_PIPELINE_PARAMETER', keySpan, message, PARAMETER_NAME_HINT)
    return []
  }
  if (isNull(value)) return [{ plan: { name: key, type: 'string' }, span: keySpan }]
  const decoded = PARAMETER.decode(value, context, `the parameter ${quote(key)}`)
  if (decoded === null || !isSound(decoded, context)) return []
  const plan = withDefault(planOf(key, decoded), decoded.default?.node, context)
  return plan === null ? [] : [{ plan, span: keySpan }]
}

type Decoded = DecodedObject<typeof PARAMETER_KEYS>

/** Types that a key says something of. */
const MEANT_FOR = { options: 'choice', minimum: 'integer', maximum: 'integer', pattern: 'string' }

/** Whether the keys of a declaration go together. */
function isSound(decoded: Decoded, context: ParametersContext): boolean {
  const type = decoded.type?.value ?? 'string'
  for (const [key, meant] of Object.entries(MEANT_FOR)) {
    const entry = decoded.node.entries.get(key)
    if (entry === undefined || meant === type) continue
    const hint = `write \`type: ${meant}\``
    refuse(entry.value, context, `\`${key}\` says nothing of a ${type}`, hint)
    return false
  }
  return (
    hasOptions(decoded, type, context) && hasRoom(decoded, context) && hasPattern(decoded, context)
  )
}

function hasOptions(
  { options, node }: Decoded,
  type: ParameterPlan['type'],
  context: DecodeContext,
): boolean {
  const values = options?.items.map(({ value }) => value) ?? []
  if (type === 'choice' && values.length === 0) {
    const hint = 'write `options: [one, other]`'
    refuse(options?.node ?? node, context, 'a choice needs at least one of `options`', hint)
    return false
  }
  const twice = options?.items.find(({ value }, index) => values.indexOf(value) !== index)
  if (twice === undefined) return true
  refuse(twice.node, context, `${quote(twice.value)} is among the options twice`)
  return false
}

/** Whether there is a value that fits: bounds the right way round, and no default where one has to be given. */
function hasRoom(
  { minimum, maximum, required, ...rest }: Decoded,
  context: DecodeContext,
): boolean {
  if (minimum && maximum && minimum.value > maximum.value) {
    const message = `\`minimum\` is ${minimum.value}, more than \`maximum\`, which is ${maximum.value}`
    refuse(minimum.node, context, message)
    return false
  }
  if (required?.value === true && rest.default !== undefined) {
    const message = 'a parameter with a `default` is never missing, so `required` says nothing'
    refuse(required.node, context, message, 'keep one of the two')
    return false
  }
  return true
}

function hasPattern({ pattern }: Decoded, context: ParametersContext): boolean {
  const problem = pattern === undefined ? '' : patternProblem(pattern.value, context.effort)
  if (pattern === undefined || problem === '') return true
  refuse(pattern.node, context, `\`pattern\` can't be used: ${problem}`)
  return false
}

function planOf(name: string, decoded: Decoded): ParameterPlan {
  const { type, description, options, minimum, maximum, required, pattern } = decoded
  return {
    name,
    type: type?.value ?? 'string',
    ...compact({
      description: description?.value,
      required: required?.value === true ? (true as const) : undefined,
      options: options?.items.map(({ value }) => value),
      minimum: minimum?.value,
      maximum: maximum?.value,
      pattern: pattern?.value,
    }),
  }
}

/** The declaration with its default as steps get it. Null after an error. */
function withDefault(
  plan: ParameterPlan,
  node: Node | undefined,
  context: ParametersContext,
): ParameterPlan | null {
  if (node?.kind !== 'scalar' || node.text === '') return plan
  if (node.text.includes('${')) {
    const hint = 'write `${}` where the parameter is used'
    return refuse(node, context, '`${}` is not replaced in a `default`', hint)
  }
  const fitted = fitValue(plan, node.text, context.effort)
  if (fitted.value !== undefined) return { ...plan, default: fitted.value }
  const message = `\`default\` is ${quote(node.text)}, but it ${fitted.problem}`
  return refuse(node, context, message, fitted.hint)
}

/** Reports what keeps a declaration from being used. */
function refuse(node: Node, { reporter }: DecodeContext, message: string, hint?: string): null {
  reporter.error('SP_PIPELINE_PARAMETER', node.span, message, hint ?? 'declare it in another way')
  return null
}
