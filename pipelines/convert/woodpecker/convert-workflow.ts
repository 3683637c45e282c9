import { didYouMean } from '../../diagnostics/did-you-mean.js'
import { quote } from '../../diagnostics/quote.js'
import type { Document, Entry } from '../../parse/tree.js'
import { assembleSteps } from '../assemble-steps.js'
import type { Ledger } from '../change.js'
import { type CloneParts, convertClone, noClone } from '../clone.js'
import type { StepDraft } from '../groups.js'
import { entryAt, isTrue, mapAt, scalarAt, startOf, withValue } from '../nodes.js'
import { type NamedStep, setEntries } from '../steps.js'
import { createVolumeTable } from '../volumes.js'
import { eventsOf } from './conditions.js'
import { convertStep, type StepContext } from './convert-step.js'
import { convertLabels } from './labels.js'
import { triggerEntries } from './trigger.js'

/** Keys of a workflow; of the last ones something else is made, or nothing. */
const KNOWN = [
  'steps',
  'pipeline',
  'services',
  'clone',
  'skip_clone',
  'when',
  'runs_on',
  'branches',
  'labels',
  'platform',
  'depends_on',
  'concurrency',
  'matrix',
  'workspace',
  'variables',
  '$schema',
]

/**
 * A workflow of Woodpecker as a pipeline of ours.
 * @param name its name: that of its file
 */
export function convertWorkflow(document: Document, name: string, ledger: Ledger): Document {
  const { root } = document
  if (root.kind !== 'map') return document
  const given = new Map(setEntries(root).map((entry) => [entry.key, entry]))
  reportUnknown(given, ledger)
  const trigger = triggerEntries(given, ledger)
  const volumes = createVolumeTable(ledger)
  const possible = eventsOf(trigger[0]?.value)
  const context = { ledger, volumes, possible }
  const steps = stepsOf(given, context)
  const start = startOf(root)
  const entries = [
    entryAt('kind', scalarAt('pipeline', start), start),
    entryAt('name', scalarAt(name, start), start),
    ...convertLabels(given.get('labels'), given.get('platform'), ledger),
    ...[given.get('workspace')].flatMap((entry) => entry ?? []),
    ...trigger,
    ...[given.get('depends_on')].flatMap((entry) => entry ?? []),
    ...concurrencyEntries(given.get('concurrency')),
    ...[given.get('matrix')].flatMap((entry) => entry ?? []),
    ...volumes.declaration(),
    ...steps,
  ]
  return { ...document, root: mapAt(entries, root.span) }
}

function reportUnknown(given: ReadonlyMap<string, Entry>, ledger: Ledger): void {
  for (const { key, keySpan } of given.values()) {
    if (key === 'variables') {
      ledger.changed(keySpan, '`variables` is left out: what its anchors hold is written out')
    }
    if (KNOWN.includes(key)) continue
    const message = `Woodpecker has no key ${quote(key)}: it is left out`
    ledger.dropped(keySpan, message, () => didYouMean(key, KNOWN))
  }
}

function concurrencyEntries(entry: Entry | undefined): Entry[] {
  if (entry === undefined) return []
  const { value, keySpan } = entry
  if (value.kind !== 'scalar') return [entry]
  return [withValue(entry, mapAt([entryAt('limit', value, keySpan)], value.span))]
}

/** `clone`, `services` and `steps`. */
function stepsOf(given: ReadonlyMap<string, Entry>, context: StepContext): Entry[] {
  const parts = {
    clone: cloneParts(given, context),
    services: given.get('services'),
    steps: given.get('steps') ?? given.get('pipeline'),
  }
  if (parts.steps?.key === 'pipeline') {
    context.ledger.changed(parts.steps.keySpan, '`pipeline` is called `steps`')
  }
  const draft = (step: NamedStep): StepDraft => convertStep(step, context)
  return assembleSteps(parts, { draft, ledger: context.ledger, fallback: (n) => `step-${n}` })
}

function cloneParts(given: ReadonlyMap<string, Entry>, context: StepContext): CloneParts {
  const skip = given.get('skip_clone')
  if (skip !== undefined && isTrue(skip.value)) {
    context.ledger.changed(skip.keySpan, '`skip_clone` is called `clone.disable`')
    return { entries: [noClone(skip)], steps: [] }
  }
  const whole = given.get('clone')
  if (whole === undefined) return { entries: [], steps: [] }
  return convertClone(whole, {
    ledger: context.ledger,
    draft: (step) => convertStep(step, context),
    // Very old files say them beside `image`.
    settings: (step) => {
      const own = step.entries.get('settings')?.value
      if (own?.kind === 'map') return [...own.entries.values()]
      return [...step.entries.values()].filter(({ key }) => key !== 'image' && key !== 'name')
    },
  })
}
