import { NESTING_MAX, VARIABLE_LENGTH_MAX } from '../limits.js'
import { isNull, type MapNode, type Node, type ScalarNode } from '../parse/tree.js'
import type { TextPart } from '../plan.js'
import { YAML_1_1_BOOLEANS } from './scalars.js'
import { decodeSecretRef, isSecretRef, type VariableValue } from './secret-ref.js'
import type { DecodeContext } from './shape.js'

export type Encoded = VariableValue | { readonly problem: string }

/** Secrets in the text of one variable: each can be as long as a secret may be. */
const INNER_SECRETS_MAX = 50

/**
 * The text that a plugin gets for a setting: scalars as they are written, a list of scalars joined by
 * commas, anything else as JSON with sorted keys, as Drone's runner does. A secret is a scalar.
 */
export function encodeSetting(node: Node, context: DecodeContext): Encoded {
  const { dialect } = context
  const encoder: Encoder = {
    context,
    isDrone: dialect === 'drone' || dialect === 'drone-0.8',
    secrets: [],
    left: VARIABLE_LENGTH_MAX,
    problem: undefined,
  }
  const value = encode(encoder, node)
  if (encoder.problem !== undefined) return { problem: encoder.problem }
  return encoder.secrets.length === 0 ? { value } : { parts: partsOf(value, encoder.secrets) }
}

/** Takes the marks of secrets out of a text. */
function partsOf(text: string, secrets: readonly TextPart[]): TextPart[] {
  return text.split(MARKED).flatMap((part, index): TextPart | TextPart[] => {
    if (index % 2 === 0) return part === '' ? [] : [{ text: part }]
    return secrets[Number(part)] ?? []
  })
}

/** No text has a NUL in it. */
const MARK = '\0'
const MARKED = new RegExp(`${MARK}(\\d+)${MARK}`)

interface Encoder {
  readonly context: DecodeContext
  readonly isDrone: boolean
  /** Those that were met so far; the text has a mark for each. */
  readonly secrets: TextPart[]
  /** Length that the text may still grow by: aliases can repeat a long text without end. */
  left: number
  problem: string | undefined
}

function encode(encoder: Encoder, node: Node): string {
  if (node.kind === 'scalar') return take(encoder, scalarText(encoder, node))
  if (node.kind === 'map') return toJson(encoder, node, 0)
  const texts: string[] = []
  const isSimple = node.items.every((item) => item.kind === 'scalar' || isSecretRef(item))
  if (!isSimple) return toJson(encoder, node, 0)
  for (const item of node.items) {
    if (encoder.problem !== undefined) return ''
    if (item.kind === 'scalar') texts.push(take(encoder, scalarText(encoder, item)))
    else if (isSecretRef(item)) texts.push(takeSecret(encoder, item, {}))
  }
  return texts.join(',')
}

/** A mark in place of a secret. */
function takeSecret(encoder: Encoder, node: MapNode, how: { readonly json?: true }): string {
  const secret = decodeSecretRef(node, encoder.context)
  if (secret === null) return ''
  if (encoder.secrets.length === INNER_SECRETS_MAX) {
    encoder.problem ??= `holds more than ${INNER_SECRETS_MAX} secrets`
    return ''
  }
  encoder.secrets.push({ secret, ...how })
  return take(encoder, `${MARK}${encoder.secrets.length - 1}${MARK}`)
}

function take(encoder: Encoder, text: string): string {
  encoder.left -= text.length + 1
  if (encoder.left < -1) encoder.problem ??= `is longer than ${VARIABLE_LENGTH_MAX} characters`
  return text
}

function scalarText(encoder: Encoder, node: ScalarNode): string {
  if (isNull(node)) return ''
  if (node.text.includes(MARK)) encoder.problem ??= 'must not hold a NUL character'
  return String(booleanOf(encoder, node) ?? node.text)
}

/** Go's YAML took `yes` for true, and plugins that ran under Drone parse booleans as Go does. */
function booleanOf({ isDrone }: Encoder, node: ScalarNode): boolean | undefined {
  if (typeof node.value === 'boolean') return node.value
  if (!isDrone || node.plain !== true) return undefined
  const isWord = /^(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/.test(node.text)
  return isWord ? YAML_1_1_BOOLEANS.get(node.text.toLowerCase()) : undefined
}

/** Aliases can make a tree deeper than the file is nested. */
function toJson(encoder: Encoder, node: Node, depth: number): string {
  if (depth > NESTING_MAX) encoder.problem ??= `is nested more than ${NESTING_MAX} levels deep`
  if (encoder.problem !== undefined) return ''
  if (node.kind === 'scalar') return take(encoder, scalarJson(encoder, node))
  encoder.left -= 2
  if (node.kind === 'list') {
    return `[${node.items.map((item) => toJson(encoder, item, depth + 1)).join(',')}]`
  }
  const { entries } = node
  if (isSecretRef(node)) return takeSecret(encoder, node, { json: true })
  const members = [...entries.values()]
    .sort(byKey)
    .map(
      ({ key, value }) =>
        `${take(encoder, JSON.stringify(key))}:${toJson(encoder, value, depth + 1)}`,
    )
  return `{${members.join(',')}}`
}

function byKey(one: { readonly key: string }, other: { readonly key: string }): number {
  return one.key < other.key ? -1 : Number(one.key > other.key)
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Numbers stay as they are written where that is JSON: 1.10, and what no double holds. */
function scalarJson(encoder: Encoder, node: ScalarNode): string {
  const { value, text } = node
  if (value === null) return 'null'
  if (typeof value !== 'number') return JSON.stringify(booleanOf(encoder, node) ?? value)
  if (JSON_NUMBER.test(text)) return text
  return JSON.stringify(Number.isFinite(value) ? value : text)
}
