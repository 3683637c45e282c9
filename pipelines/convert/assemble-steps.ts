import type { Entry, Node } from '../parse/tree.js'
import type { Ledger } from './change.js'
import type { CloneParts } from './clone.js'
import { dependencies, type StepDraft } from './groups.js'
import { entryAt, listAt, mapAt, scalarAt, startOf } from './nodes.js'
import { type NamedStep, namedSteps } from './steps.js'
import { uniqueNames } from './unique-names.js'

export interface StepParts {
  readonly clone: CloneParts
  readonly services: Entry | undefined
  readonly steps: Entry | undefined
}

export interface AssembleContext {
  readonly draft: (step: NamedStep, area: 'services' | 'steps') => StepDraft
  readonly ledger: Ledger
  /** Name of the n-th step, from 0, when it has none. */
  readonly fallback: (index: number) => string
}

/** The keys `clone`, `services` and `steps`, with the order of the steps made ours. */
export function assembleSteps(parts: StepParts, context: AssembleContext): Entry[] {
  const services = draftsOf(parts.services, 'services', context)
  const own = uniqueNames(draftsOf(parts.steps, 'steps', context), services, context.ledger)
  const beforehand = { services: services.map(nameOf), clones: parts.clone.steps.map(nameOf) }
  const depends = dependencies(own, beforehand, context.ledger)
  const isGraph = depends.some((entries) => entries.length > 0)
  const clones = isGraph ? inTurn(parts.clone.steps) : parts.clone.steps.map(finished)
  const steps = own.map((draft, index) =>
    finished({ ...draft, entries: [...draft.entries, ...(depends[index] ?? [])] }),
  )
  return [
    ...parts.clone.entries,
    ...entryOf('services', parts.services, services.map(finished)),
    ...entryOf('steps', parts.steps, [...clones, ...steps]),
  ]
}

function draftsOf(
  entry: Entry | undefined,
  area: 'services' | 'steps',
  { draft, fallback, ledger }: AssembleContext,
): StepDraft[] {
  // The report on `pipeline` says it already.
  if (entry?.value.kind === 'map' && entry.key !== 'pipeline') {
    ledger.changed(entry.keySpan, `\`${area}\` is a list, each with its \`name\``)
  }
  return namedSteps(entry?.value, fallback).map((step) => draft(step, area))
}

function nameOf({ name }: StepDraft): string {
  return name
}

function finished({ node, entries }: StepDraft): Node {
  return node.kind === 'map' ? mapAt(entries, node.span) : node
}

/** Steps that clone run one after the other, also where the other steps are a graph. */
function inTurn(steps: readonly StepDraft[]): Node[] {
  return steps.map((draft, index) => {
    const before = steps[index - 1]
    if (before === undefined) return finished(draft)
    const span = startOf(draft.node)
    const after = entryAt('depends_on', listAt([scalarAt(before.name, span)], span), span)
    return finished({ ...draft, entries: [...draft.entries, after] })
  })
}

/** What is no list or mapping at all is left as it is: the decoder says what is wrong with it. */
function entryOf(key: string, entry: Entry | undefined, items: readonly Node[]): Entry[] {
  if (entry === undefined) return []
  const value = entry.value.kind === 'scalar' ? entry.value : listAt(items, entry.value.span)
  return [entryAt(key, value, entry.keySpan)]
}
