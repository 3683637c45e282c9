import { didYouMean } from '../../diagnostics/did-you-mean.js'
import { quote } from '../../diagnostics/quote.js'
import type { Document, Entry, MapNode } from '../../parse/tree.js'
import { assembleSteps } from '../assemble-steps.js'
import type { Ledger } from '../change.js'
import { type CloneParts, convertClone, noClone } from '../clone.js'
import { isBeforePipeline } from '../dialect.js'
import { entryAt, isTrue, mapAt, renamed, scalarAt, startOf } from '../nodes.js'
import { platformEntries } from '../platform.js'
import { setEntries } from '../steps.js'
import { createVolumeTable } from '../volumes.js'
import { convertLegacyStep, pluginSettings, type LegacyContext } from './convert-step.js'
import { refuseBeforePipeline } from './before-pipeline.js'
import { secretDocuments } from './secret-documents.js'

const KNOWN = [
  'pipeline',
  'services',
  'clone',
  'skip_clone',
  'branches',
  'matrix',
  'workspace',
  'platform',
  'labels',
  'secrets',
]

/**
 * A document of Drone 0.8 as a pipeline of ours, followed by the secrets that it declares. Documents
 * with a kind (signatures) are ours already.
 */
export function convertLegacy(document: Document, ledger: Ledger): readonly Document[] {
  const { root } = document
  if (root.kind !== 'map' || root.entries.has('kind')) return [document]
  if (isBeforePipeline(root.entries)) return refuseBeforePipeline(root, ledger.reporter)
  if (!root.entries.has('pipeline')) return [document]
  const given = new Map(setEntries(root).map((entry) => [entry.key, entry]))
  reportUnknown(given, ledger)
  const converted = { ...document, root: convertRoot(root, given, ledger) }
  return [converted, ...secretDocuments(given.get('secrets'), ledger)]
}

function convertRoot(root: MapNode, given: ReadonlyMap<string, Entry>, ledger: Ledger): MapNode {
  const volumes = createVolumeTable(ledger)
  const steps = stepsOf(given, { ledger, volumes })
  const start = startOf(root)
  const same = (key: string): Entry[] => [given.get(key)].flatMap((entry) => entry ?? [])
  const entries = [
    entryAt('kind', scalarAt('pipeline', start), start),
    entryAt('name', scalarAt('default', start), start),
    ...platformEntries(given.get('platform'), ledger),
    ...same('labels').map((entry) => renamed(entry, 'node')),
    ...same('workspace'),
    ...triggerOf(given.get('branches'), ledger),
    ...same('matrix'),
    ...volumes.declaration(),
    ...steps,
  ]
  return mapAt(entries, root.span)
}

function reportUnknown(given: ReadonlyMap<string, Entry>, ledger: Ledger): void {
  for (const { key, keySpan } of given.values()) {
    if (key === 'pipeline') ledger.changed(keySpan, '`pipeline` is the list `steps`')
    if (KNOWN.includes(key)) continue
    const message = `Drone 0.8 has no key ${quote(key)} here: it is left out`
    ledger.dropped(keySpan, message, () => didYouMean(key, KNOWN))
  }
}

function triggerOf(branches: Entry | undefined, ledger: Ledger): Entry[] {
  if (branches === undefined) return []
  const { keySpan, value } = branches
  const message =
    '`branches` is called `trigger.branch`; it now counts for tags and deployments, too'
  ledger.check(keySpan, message)
  return [entryAt('trigger', mapAt([renamed(branches, 'branch')], value.span), keySpan)]
}

function stepsOf(given: ReadonlyMap<string, Entry>, context: LegacyContext): Entry[] {
  const parts = {
    clone: cloneParts(given, context),
    services: given.get('services'),
    steps: given.get('pipeline'),
  }
  return assembleSteps(parts, {
    draft: (step, area) => convertLegacyStep(step, area, context),
    ledger: context.ledger,
    fallback: (index) => `step-${index}`,
  })
}

function cloneParts(given: ReadonlyMap<string, Entry>, context: LegacyContext): CloneParts {
  const skip = given.get('skip_clone')
  if (skip !== undefined && isTrue(skip.value)) return { entries: [noClone(skip)], steps: [] }
  const whole = given.get('clone')
  if (whole === undefined) return { entries: [], steps: [] }
  return convertClone(whole, {
    ledger: context.ledger,
    draft: (step) => convertLegacyStep(step, 'steps', context),
    settings: pluginSettings,
  })
}
