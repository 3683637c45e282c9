import type { Span } from '../diagnostics/reporter.js'
import { NAME_LENGTH_MAX } from '../limits.js'
import type { Entry, MapNode, Node, ScalarNode } from '../parse/tree.js'
import { isNull } from '../parse/tree.js'
import { holdsSecretRef } from '../schema/secret-ref.js'
import type { Ledger } from './change.js'
import { plainJson } from './encode.js'
import { entryAt, itemsOf, mapAt, scalarAt, textOf, valueOf, withValue } from './nodes.js'

/** What gives a step its variables. */
export interface VariableSources {
  readonly environment: Entry | undefined
  /** `secrets: [name, {source, target}]`. */
  readonly secrets: Entry | undefined
}

/**
 * Variables as a mapping from name to text or `{from_secret}`: what was a list of `NAME=value` is split,
 * and the old lists of secrets become variables in capitals. Empty when there is nothing.
 */
export function environmentEntries(
  { environment, secrets }: VariableSources,
  ledger: Ledger,
): Entry[] {
  const variables = environment === undefined ? [] : variablesOf(environment.value, ledger)
  const given = secrets === undefined ? [] : secretVariables(secrets, ledger)
  const whole = environment ?? secrets
  if (environment?.value.kind === 'list') {
    ledger.changed(environment.keySpan, '`environment` is a mapping of names to values')
  }
  if (whole === undefined) return []
  if (variables === undefined) return environment === undefined ? [] : [environment]
  if (variables.length + given.length === 0) return []
  const span = environment?.value.span ?? whole.value.span
  return [entryAt('environment', mapAt([...variables, ...given], span), whole.keySpan)]
}

/** Undefined for what is neither a list nor a mapping: the decoder says what is wrong with it. */
function variablesOf(node: Node, ledger: Ledger): Entry[] | undefined {
  if (isNull(node)) return []
  if (node.kind === 'map') return mapVariables(node, ledger)
  if (node.kind === 'scalar') return undefined
  return node.items.flatMap((item) => {
    if (item.kind === 'map') return mapVariables(item, ledger)
    const text = textOf(item)
    if (text === undefined) return []
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    const value = equals < 0 ? '' : text.slice(equals + 1)
    return [entryAt(name, scalarAt(value, item.span), item.span)]
  })
}

function mapVariables(node: MapNode, ledger: Ledger): Entry[] {
  return [...node.entries.values()].flatMap((entry) => {
    if (isNull(entry.value)) return []
    return [withValue(entry, variableValue(entry.value, ledger))]
  })
}

/** Lists and mappings are passed as text, unless secrets are to be put into them: simple lists with commas, all else as JSON. */
function variableValue(node: Node, ledger: Ledger): Node {
  if (node.kind === 'scalar' || holdsSecretRef(node) || !ledger.mayWrite(node)) return node
  return scalarAt(encoded(node), node.span)
}

function encoded(node: Node): string {
  if (node.kind === 'list' && node.items.every((item) => item.kind === 'scalar')) {
    return node.items.map((item: ScalarNode) => (isNull(item) ? '' : item.text)).join(',')
  }
  return plainJson(node)
}

function secretVariables({ keySpan, value }: Entry, ledger: Ledger): Entry[] {
  const variables = itemsOf(value).flatMap((item) => secretVariable(item))
  if (variables.length > 0) {
    ledger.changed(keySpan, '`secrets` are now variables of `environment`, each `from_secret`')
  }
  return variables
}

function secretVariable(item: Node): Entry[] {
  const source = textOf(item) ?? textOf(valueOf(item, 'source'))
  if (source === undefined) return []
  const target = textOf(valueOf(item, 'target')) ?? source
  const name = target.length > NAME_LENGTH_MAX ? target : target.toUpperCase()
  return [entryAt(name, fromSecret(source, item.span), item.span)]
}

/** `{from_secret: name}` */
export function fromSecret(name: string, span: Span): MapNode {
  return mapAt([entryAt('from_secret', scalarAt(name, span), span)], span)
}
