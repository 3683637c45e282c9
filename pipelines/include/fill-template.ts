import { quote } from '../diagnostics/quote.js'
import type { Reporter, Span } from '../diagnostics/reporter.js'
import { PLAN_TEXT_MAX } from '../limits.js'
import type { Budget } from '../parse/parse-source.js'
import { plainValue } from '../parse/plain-scalar.js'
import { type ListNode, type MapNode, type Node, type ScalarNode } from '../parse/tree.js'
import { eventVariable } from './event-values.js'
import { type Action, isLogic, literalOf, type Part, splitAtActions } from './template-text.js'

/** What a template is filled with. */
export interface Filling {
  readonly actions: readonly Action[]
  /** Offset that the template's text starts at. */
  readonly base: number
  /** The mapping that `.input` is; undefined when there is none. */
  readonly data: MapNode | undefined
  readonly reporter: Reporter
  /** Its `templateText` is drawn on for everything that is put together. */
  readonly budget: Pick<Budget, 'templateText'>
}

const VALUES_HINT = 'there are `.input.NAME`, and what Drone has as `.build.NAME` and `.repo.NAME`'

/**
 * The tree of a template with its actions carried out. Nodes that an alias shares stay shared. When the
 * budget is spent that is reported, and the rest stays as it is.
 */
export function fillTemplate(root: Node, filling: Filling): Node {
  const done = new Map<Node, Node>()
  const fill = (node: Node): Node => {
    const known = done.get(node)
    if (known !== undefined) return known
    const filled = fillNode(node, filling, fill)
    done.set(node, filled)
    return filled
  }
  return fill(root)
}

function fillNode(node: Node, filling: Filling, fill: (node: Node) => Node): Node {
  if (isSpent(filling)) return node
  switch (node.kind) {
    case 'scalar':
      return fillScalar(node, filling)
    case 'list':
      return listOf(node, node.items.map(fill))
    case 'map':
      return fillMap(node, filling, fill)
  }
}

function listOf({ span }: ListNode, items: readonly Node[]): ListNode {
  return { kind: 'list', items, span, weight: items.reduce((sum, item) => sum + item.weight, 1) }
}

function fillMap(node: MapNode, filling: Filling, fill: (node: Node) => Node): MapNode {
  const entries = new Map<string, { key: string; keySpan: MapNode['span']; value: Node }>()
  let weight = 1
  for (const { key, keySpan, value } of node.entries.values()) {
    const parts = splitAtActions(key, filling.actions)
    const text = parts.some((part) => typeof part !== 'string')
      ? joined(parts, keySpan, filling)
      : key
    const filled = fill(value)
    entries.set(text, { key: text, keySpan, value: filled })
    weight += filled.weight
  }
  return { kind: 'map', entries, span: node.span, weight }
}

function fillScalar(node: ScalarNode, filling: Filling): Node {
  const parts = splitAtActions(node.text, filling.actions)
  const [first, ...others] = parts
  if (first === undefined || (typeof first === 'string' && others.length === 0)) return node
  if (typeof first !== 'string' && others.length === 0) {
    const value = inputNode(first, filling)
    if (value !== undefined) return value
  }
  const text = joined(parts, node.span, filling)
  const value = node.plain === true ? plainValue(text) : text
  return { ...node, value, text }
}

function joined(parts: readonly Part[], span: Span, filling: Filling): string {
  let text = ''
  for (const part of parts) {
    if (isSpent(filling)) break
    const added = typeof part === 'string' ? part : textOf(part, filling)
    // What an action costs is looking its value up, however short that is.
    const cost = Math.max(added.length, typeof part === 'string' ? 0 : part.length)
    if (spend(cost, span, filling)) text += added
  }
  return text
}

function isSpent({ budget }: Filling): boolean {
  return budget.templateText < 0
}

/** Draws on the budget, which is told once; @returns whether there was enough. */
function spend(length: number, { start }: Span, { budget, reporter }: Filling): boolean {
  budget.templateText -= length
  if (budget.templateText >= 0) return true
  const message = `with the values put in, the text of templates is longer than ${PLAN_TEXT_MAX}`
  reporter.error('SP_PIPELINE_TOO_LARGE', { start, end: start }, message)
  return false
}

function textOf(action: Action, filling: Filling): string {
  const literal = literalOf(action)
  if (literal !== undefined) return literal
  const variable = eventVariable(action.expression)
  if (variable !== undefined) return `\${${variable}}`
  const node = inputNode(action, filling)
  if (node?.kind === 'scalar') return node.text
  if (node !== undefined) {
    const message = `${quote(action.expression)} is a ${node.kind === 'list' ? 'list' : 'mapping'}`
    refuse(action, filling, `${message}, which can't stand in text`, 'let it be the whole value')
  }
  return ''
}

/** The node that `.input...` names; undefined, and reported, when there is none. */
function inputNode(action: Action, filling: Filling): Node | undefined {
  const { expression } = action
  if (literalOf(action) !== undefined || eventVariable(expression) !== undefined) return undefined
  if (isLogic(action)) return undefined // reported when the file was read
  if (!/^\.input(?:\.[\w-]+)+$/.test(expression)) {
    refuse(action, filling, `${quote(expression)} is not known`, VALUES_HINT)
    return undefined
  }
  const names = expression.split('.').slice(2)
  let node: Node | undefined = filling.data
  for (const name of names) node = node?.kind === 'map' ? node.entries.get(name)?.value : undefined
  if (node === undefined) {
    const message = `${quote(expression)} has no value`
    refuse(action, filling, message, 'give it in `data`, where the file is included')
  }
  return node
}

function refuse({ at, length }: Action, filling: Filling, message: string, hint: string): void {
  const start = filling.base + at
  filling.reporter.error('SP_PIPELINE_INCLUDE', { start, end: start + length }, message, hint)
}
