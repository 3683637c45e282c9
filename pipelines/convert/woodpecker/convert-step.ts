import { didYouMean } from '../../diagnostics/did-you-mean.js'
import { quote } from '../../diagnostics/quote.js'
import type { Entry, MapNode } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { environmentEntries } from '../environment.js'
import type { StepDraft } from '../groups.js'
import { asList, entryAt, listAt, renamed, scalarAt, textOf, withValue } from '../nodes.js'
import { woodpeckerSettings } from '../settings.js'
import { type NamedStep, pullEntry, setEntries } from '../steps.js'
import { checkTrust } from '../trust.js'
import type { VolumeTable } from '../volumes.js'
import { backendOptions } from './backend-options.js'
import { convertWhen, type PossibleEvents } from './conditions.js'
import { entrypointEntry } from './entrypoint.js'

export interface StepContext {
  readonly ledger: Ledger
  readonly volumes: VolumeTable
  readonly possible: PossibleEvents
}

/** A step or service of Woodpecker in our keys, but for what it depends on. */
export function convertStep(named: NamedStep, context: StepContext): StepDraft {
  const { node, name, nameEntry } = named
  if (node.kind !== 'map') return { name, node, entries: [nameEntry] }
  const entries = setEntries(node)
  const { environment, secrets } = Object.fromEntries(entries.map((entry) => [entry.key, entry]))
  const converted = entries.flatMap((entry) => convertEntry(entry, node, context))
  const mounts = mountEntries(node, context)
  const variables = environmentEntries({ environment, secrets }, context.ledger)
  return {
    name,
    node,
    entries: [nameEntry, ...converted, ...variables, ...mounts],
    group: entries.find(({ key }) => key === 'group'),
    dependsOn: entries.find(({ key }) => key === 'depends_on'),
  }
}

/** Put together elsewhere, from more than one key. */
const ELSEWHERE = ['name', 'environment', 'secrets', 'volumes', 'tmpfs', 'group', 'depends_on']

const SAME = [
  'image',
  'commands',
  'detach',
  'network_mode',
  'privileged',
  'dns',
  'dns_search',
  'extra_hosts',
  'ports',
]

function convertEntry(entry: Entry, step: MapNode, context: StepContext): Entry[] {
  const { key, keySpan, value } = entry
  const { ledger } = context
  checkTrust(entry, ledger)
  switch (key) {
    case 'pull':
      return pullEntry(entry)
    case 'entrypoint':
      return entrypointEntry(entry, step, ledger)
    case 'directory':
      ledger.changed(keySpan, '`directory` is called `working_dir`')
      return [renamed(entry, 'working_dir')]
    case 'settings':
      return [woodpeckerSettings(entry, ledger)]
    case 'when':
      return [withValue(entry, convertWhen(value, { ...context, isWorkflow: false }))]
    case 'failure':
      return failureEntry(entry, ledger)
    case 'devices':
      return [withValue(entry, context.volumes.devices(value))]
    case 'backend_options':
      return backendOptions(entry, ledger)
    default:
      if (ELSEWHERE.includes(key)) return []
      return knownOrDropped(entry, ledger)
  }
}

function knownOrDropped(entry: Entry, ledger: Ledger): Entry[] {
  const { key, keySpan, value } = entry
  if (key === 'dns' || key === 'dns_search') return [withValue(entry, asList(value))]
  if (SAME.includes(key)) return [entry]
  const known = [...SAME, ...ELSEWHERE, 'pull', 'entrypoint', 'directory', 'settings', 'when']
  const hint = () => didYouMean(key, known)
  ledger.dropped(keySpan, `Woodpecker has no key ${quote(key)} of steps: it is left out`, hint)
  return []
}

function failureEntry(entry: Entry, ledger: Ledger): Entry[] {
  const { value } = entry
  switch (textOf(value)) {
    case 'fail':
      return []
    case 'cancel':
      ledger.changed(value.span, '`failure: cancel` is called `failure: fast`')
      return [withValue(entry, scalarAt('fast', value.span))]
    default:
      return [entry]
  }
}

function mountEntries(step: MapNode, { volumes }: StepContext): Entry[] {
  const entries = ['volumes', 'tmpfs'].flatMap((key) => step.entries.get(key) ?? [])
  const mounts = entries.flatMap(({ key, value }) =>
    key === 'volumes' ? volumes.mounts(value) : volumes.memory(value),
  )
  const [first] = entries
  if (first === undefined || mounts.length === 0) return []
  return [entryAt('volumes', listAt(mounts, first.value.span), first.keySpan)]
}
