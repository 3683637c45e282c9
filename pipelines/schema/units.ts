import { type Node } from '../parse/tree.js'
import { wrong, wrongKind } from './scalars.js'
import type { JsonSchema, Located, Shape } from './shape.js'

/** A value of one scalar that a pattern describes. */
interface UnitRules {
  readonly schema: JsonSchema
  /** @returns undefined when the text is no such value */
  readonly parse: (text: string) => number | undefined
  /** What a value looks like, for messages. */
  readonly rule: string
  readonly minimum: number
  readonly maximum: number
  readonly hint?: (text: string) => string | undefined
}

const TEXT_LENGTH_MAX = 64

function unit({ schema, parse, rule, minimum, maximum, hint }: UnitRules): Shape<Located<number>> {
  return {
    schema,
    emptyAllowed: false,
    decode(node, context, where) {
      if (node.kind !== 'scalar') return wrongKind(node, context, `${where} must be ${rule}`)
      const text = node.text.trim()
      const value = text.length > TEXT_LENGTH_MAX ? undefined : parse(text)
      if (value === undefined) {
        return wrong(node, context, `${where} must be ${rule}`, hint?.(text))
      }
      if (value >= minimum && value <= maximum) return { value, node }
      return wrong(node, context, `${where} is too ${value < minimum ? 'small' : 'large'}`)
    },
  }
}

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/
const DURATION_PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/g
const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Longest time that can be asked for: a year. */
const DURATION_MAX_MS = 365 * 86_400_000

/** A length of time in milliseconds, written with units: `90s`, `10m`, `1h30m`. */
export function duration(minimumMs = 1): Shape<Located<number>> {
  return unit({
    schema: { type: 'string', pattern: DURATION.source, examples: ['90s', '10m', '1h30m'] },
    parse: parseDuration,
    rule: 'a time with its unit, such as `90s`, `10m` or `1h30m`',
    minimum: minimumMs,
    maximum: DURATION_MAX_MS,
    hint: (text) => (/^\d+$/.test(text) ? `write \`${text}s\` or \`${text}m\`` : undefined),
  })
}

function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  let sum = 0
  for (const [, number, name] of text.matchAll(DURATION_PART)) {
    sum += Number(number) * (MILLISECONDS[name ?? ''] ?? 0)
  }
  return Math.round(sum)
}

const SIZE = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])i?)?b?$/i
const SIZE_EXPONENTS = ['', 'k', 'm', 'g', 't', 'p']

/**
 * Bytes: a number of them, or with a unit: `512m`, `1Gi`, `64kb`. All units count in 1024, as Docker's
 * do.
 */
export function size(minimum = 0, maximum = Number.MAX_SAFE_INTEGER): Shape<Located<number>> {
  return unit({
    schema: {
      type: ['string', 'integer'],
      pattern: '^\\d+(\\.\\d+)? ?([kKmMgGtTpP][iI]?)?[bB]?$',
      minimum,
      ...(maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
      examples: ['512m', '1g'],
    },
    parse: parseSize,
    rule: 'a number of bytes, or a size such as `512m` or `1g`',
    minimum,
    maximum,
  })
}

function parseSize(text: string): number | undefined {
  const [match, number, name] = SIZE.exec(text) ?? []
  if (match === undefined) return undefined
  return Math.round(Number(number) * 1024 ** SIZE_EXPONENTS.indexOf((name ?? '').toLowerCase()))
}

const CPUS = /^(\d+(?:\.\d+)?)(m?)$/

/** Smallest share that the kernel's scheduler takes: a quota of 1 ms in its period of 100 ms. */
const CPUS_MIN = 0.01

/**
 * CPUs' worth of time: `2`, `0.5`, or in thousandths, `500m`.
 * @param isMilli whether a number without unit counts thousandths, as in Drone's runner for Kubernetes
 */
export function cpus(isMilli = false): Shape<Located<number>> {
  return unit({
    schema: { type: ['string', 'number'], pattern: CPUS.source, exclusiveMinimum: 0 },
    parse(text) {
      const [match, number, milli] = CPUS.exec(text) ?? []
      if (match === undefined) return undefined
      return Number(number) / (isMilli || milli === 'm' ? 1000 : 1)
    },
    rule: 'a number of CPUs, such as `2`, `0.5` or `500m`',
    minimum: CPUS_MIN,
    maximum: 4096,
  })
}

/** The text of a scalar, or undefined for anything else. */
export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? node.text : undefined
}
