import { CLONE } from '../graph/step-graph.js'
import { quote } from '../diagnostics/quote.js'
import type { Entry, Node } from '../parse/tree.js'
import type { Ledger } from './change.js'
import type { StepDraft } from './groups.js'
import { entryAt, itemsOf, listAt, mapAt, scalarAt, textOf, valueOf, withValue } from './nodes.js'

/**
 * Gives steps whose name is taken another one: by a service, whose name is its host name, by the
 * checkout, or by a step before. What depends on a renamed step follows, but for the last: which of two
 * was meant is for the user to say.
 */
export function uniqueNames(
  steps: readonly StepDraft[],
  services: readonly StepDraft[],
  ledger: Ledger,
): StepDraft[] {
  const outside = new Set([CLONE, ...services.map(({ name }) => name)])
  const own = new Set(steps.map(({ name }) => name))
  const isGraph = steps.some(({ dependsOn }) => dependsOn !== undefined)
  const seen = new Set(outside)
  const renames = new Map<string, string>()
  let number = 1
  const renamed = steps.map((step) => {
    const isTaken = seen.has(step.name) && (outside.has(step.name) || !isGraph)
    seen.add(step.name)
    if (!isTaken) return step
    // One count for all names: it only grows, so that looking for a free one stays cheap.
    do number += 1
    while (own.has(`${step.name}-${number}`))
    const name = `${step.name}-${number}`
    if (!renames.has(step.name)) renames.set(step.name, name)
    return rename(step, name, ledger)
  })
  return renames.size === 0 ? renamed : renamed.map((step) => follow(step, renames))
}

function rename(step: StepDraft, name: string, ledger: Ledger): StepDraft {
  const entries = step.entries.map((entry) => {
    if (entry.key !== 'name') return entry
    ledger.changed(entry.keySpan, `the step is called ${quote(name)}: its name is taken`)
    return withValue(entry, scalarAt(name, entry.value.span))
  })
  return { ...step, name, entries }
}

function follow(step: StepDraft, renames: ReadonlyMap<string, string>): StepDraft {
  const { dependsOn } = step
  if (dependsOn === undefined) return step
  const items = itemsOf(dependsOn.value).map((item) => followOne(item, renames))
  return { ...step, dependsOn: withValue(dependsOn, listAt(items, dependsOn.value.span)) }
}

function followOne(item: Node, renames: ReadonlyMap<string, string>): Node {
  const name = textOf(item) ?? textOf(valueOf(item, 'name'))
  const other = name === undefined ? undefined : renames.get(name)
  if (other === undefined) return item
  if (item.kind !== 'map') return scalarAt(other, item.span)
  const entry: Entry = entryAt('name', scalarAt(other, item.span), item.span)
  return mapAt([...item.entries.values(), entry], item.span)
}
