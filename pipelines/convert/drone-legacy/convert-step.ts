import { checkTrust } from '../trust.js'
import { quote } from '../../diagnostics/quote.js'
import type { Entry, MapNode } from '../../parse/tree.js'
import type { Ledger } from '../change.js'
import { environmentEntries } from '../environment.js'
import type { StepDraft } from '../groups.js'
import { asList, entryAt, isTrue, listAt, mapAt, scalarAt, withValue } from '../nodes.js'
import { type NamedStep, pullEntry, setEntries } from '../steps.js'
import type { VolumeTable } from '../volumes.js'
import { convertConditions } from './conditions.js'

export interface LegacyContext {
  readonly ledger: Ledger
  readonly volumes: VolumeTable
}

/** Keys that a container has; every other key is a setting of a plugin. */
const SAME = [
  'image',
  'commands',
  'detach',
  'privileged',
  'shell',
  'network_mode',
  'dns',
  'dns_search',
  'extra_hosts',
  'mem_limit',
  'memswap_limit',
  'shm_size',
]

const CONVERTED = [
  'name',
  'command',
  'entrypoint',
  'pull',
  'environment',
  'secrets',
  'volumes',
  'devices',
  'tmpfs',
  'when',
  'group',
  'allow_failure',
  'settings',
]

const WITHOUT_EFFECT = [
  'auth_config',
  'cap_add',
  'cap_drop',
  'cpu_quota',
  'cpu_set',
  'cpu_shares',
  'cpuset',
  'isolation',
  'labels',
  'mem_swappiness',
  'networks',
  'oom_kill_disable',
  'sysctls',
  'ulimits',
]

/** A step or service of Drone 0.8 in our keys, but for what it depends on. */
export function convertLegacyStep(
  named: NamedStep,
  area: 'services' | 'steps',
  context: LegacyContext,
): StepDraft {
  const { node, name, nameEntry } = named
  if (node.kind !== 'map') return { name, node, entries: [nameEntry] }
  const entries = setEntries(node)
  const { environment, secrets } = Object.fromEntries(entries.map((entry) => [entry.key, entry]))
  return {
    name,
    node,
    entries: [
      nameEntry,
      ...entries.flatMap((entry) => convertEntry(entry, context)),
      ...settingsEntries(node, area, context.ledger),
      ...environmentEntries({ environment, secrets }, context.ledger),
      ...mountEntries(node, context.volumes),
    ],
    group: entries.find(({ key }) => key === 'group'),
  }
}

function convertEntry(entry: Entry, { ledger, volumes }: LegacyContext): Entry[] {
  const { key, keySpan, value } = entry
  checkTrust(entry, ledger)
  switch (key) {
    case 'command':
    case 'entrypoint':
    case 'dns':
    case 'dns_search':
      return [withValue(entry, asList(value))]
    case 'pull':
      return pullEntry(entry)
    case 'when':
      return [withValue(entry, convertConditions(value, ledger))]
    case 'devices':
      return [withValue(entry, volumes.devices(value))]
    case 'allow_failure':
      return isTrue(value) ? [entryAt('failure', scalarAt('ignore', value.span), keySpan)] : []
    default:
      if (WITHOUT_EFFECT.includes(key)) {
        ledger.dropped(keySpan, `\`${key}\` of a step has no effect here`)
        return []
      }
      return SAME.includes(key) ? [entry] : []
  }
}

/** The keys of a step that are settings of its plugin. */
export function pluginSettings(step: MapNode): Entry[] {
  const inner = step.entries.get('settings')?.value
  const flat = setEntries(step).filter(({ key }) => !isOfContainer(key))
  return inner?.kind === 'map' ? [...flat, ...inner.entries.values()] : flat
}

function isOfContainer(key: string): boolean {
  return [SAME, CONVERTED, WITHOUT_EFFECT].some((keys) => keys.includes(key))
}

function settingsEntries(step: MapNode, area: 'services' | 'steps', ledger: Ledger): Entry[] {
  const settings = pluginSettings(step)
  const [first] = settings
  if (first === undefined) return []
  if (area === 'services') return serviceSettings(settings, ledger)
  ledger.changed(first.keySpan, 'the settings of the plugin are below `settings`')
  return [entryAt('settings', mapAt(settings, first.value.span), first.keySpan)]
}

/** Services are no plugins. */
function serviceSettings(settings: readonly Entry[], ledger: Ledger): Entry[] {
  return settings.filter(({ key, keySpan }) => {
    if (key === 'ports') return true
    ledger.dropped(keySpan, `${quote(key)} of a service has no effect`)
    return false
  })
}

function mountEntries(step: MapNode, volumes: VolumeTable): Entry[] {
  const entries = ['volumes', 'tmpfs'].flatMap((key) => step.entries.get(key) ?? [])
  const mounts = entries.flatMap(({ key, value }) =>
    key === 'volumes' ? volumes.mounts(value) : volumes.memory(value),
  )
  const [first] = entries
  if (first === undefined || mounts.length === 0) return []
  return [entryAt('volumes', listAt(mounts, first.value.span), first.keySpan)]
}
