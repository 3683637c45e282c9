import { NESTING_MAX, VARIABLE_LENGTH_MAX } from '../limits.js'
import { isNull, type Node, type ScalarNode } from '../parse/tree.js'
import { YAML_1_1_BOOLEANS } from './scalars.js'
import type { DecodeContext } from './shape.js'

export type Encoded = { readonly value: string } | { readonly problem: string }

/**
 * The text that a plugin gets for a setting: scalars as they are written, a list of scalars joined by
 * commas, anything else as JSON with sorted keys, as Drone's runner does.
 */
export function encodeSetting(node: Node, { dialect }: DecodeContext): Encoded {
  const encoder: Encoder = {
    isDrone: dialect === 'drone' || dialect === 'drone-0.8',
    left: VARIABLE_LENGTH_MAX,
    problem: undefined,
  }
  const value = encode(encoder, node)
  return encoder.problem === undefined ? { value } : { problem: encoder.problem }
}

interface Encoder {
  readonly isDrone: boolean
  /** Length that the text may still grow by: aliases can repeat a long text without end. */
  left: number
  problem: string | undefined
}

function encode(encoder: Encoder, node: Node): string {
  if (node.kind === 'scalar') return take(encoder, scalarText(encoder, node))
  if (node.kind === 'map') return toJson(encoder, node, 0)
  const texts: string[] = []
  for (const item of node.items) {
    if (item.kind !== 'scalar') return toJson(encoder, node, 0)
    if (encoder.problem !== undefined) return ''
    texts.push(take(encoder, scalarText(encoder, item)))
  }
  return texts.join(',')
}

function take(encoder: Encoder, text: string): string {
  encoder.left -= text.length + 1
  if (encoder.left < -1) encoder.problem ??= `is longer than ${VARIABLE_LENGTH_MAX} characters`
  return text
}

function scalarText(encoder: Encoder, node: ScalarNode): string {
  return isNull(node) ? '' : String(booleanOf(encoder, node) ?? node.text)
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
  const members = [...node.entries.values()]
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
