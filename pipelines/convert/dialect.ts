import type { SourceFile } from '../diagnostic.js'
import type { Document, MapNode, Node } from '../parse/tree.js'
import { isNull } from '../parse/tree.js'
import { textOf } from './nodes.js'

/**
 * The language that a file is written in. `drone` is Drone 1.x: ours, but that keys which Drone let
 * pass are warned about where ours refuses them.
 */
export type Dialect = 'sandpiper' | 'drone' | 'drone-0.8' | 'woodpecker'

/** Tells the language of a file: by its name, and where that says nothing by what is in it. */
export function dialectOf({ file }: SourceFile, documents: readonly Document[]): Dialect {
  const maps = documents.flatMap(({ root }) => (root.kind === 'map' ? [root] : []))
  if (OUR_NAME.test(file)) return maps.some(isSignature) ? 'drone' : 'sandpiper'
  switch (toolNamed(file)) {
    case 'woodpecker':
      return 'woodpecker'
    case 'drone':
      return maps.some(isLegacy) ? 'drone-0.8' : 'drone'
    case undefined: {
      const isBag = maps.some(({ entries }) => entries.has('variables') && !entries.has('kind'))
      return foreignDialect(documents) ?? (isBag ? 'woodpecker' : 'sandpiper')
    }
  }
}

const OUR_NAME = /(^|\/)\.pipeline\.ya?ml$/

/** The tool that a file is named after: `.drone.yml`, `ci/woodpecker.yml`; of two the one named last. */
function toolNamed(file: string): 'drone' | 'woodpecker' | undefined {
  const folders = file.split('/')
  const name = (folders.pop() ?? '').toLowerCase()
  const drone = name.lastIndexOf('drone')
  const woodpecker = name.lastIndexOf('woodpecker')
  if (drone !== woodpecker) return drone > woodpecker ? 'drone' : 'woodpecker'
  if (folders.includes('.woodpecker')) return 'woodpecker'
  return folders.includes('.drone') ? 'drone' : undefined
}

/** The other language that documents are written in, by their keys; undefined: it may be ours. */
export function foreignDialect(documents: readonly Document[]): Dialect | undefined {
  const maps = documents.flatMap(({ root }) => (root.kind === 'map' ? [root] : []))
  if (maps.some(isSignature)) {
    return maps.some(isLegacy) ? 'drone-0.8' : 'drone'
  }
  if (maps.some(isLegacy)) {
    return maps.some(hasWoodpeckerKeys) || maps.some(({ entries }) => entries.has('variables'))
      ? 'woodpecker'
      : 'drone-0.8'
  }
  if (maps.some(isWoodpecker)) return 'woodpecker'
  return undefined
}

/** Only Drone's own tool writes these. */
function isSignature({ entries }: MapNode): boolean {
  return textOf(entries.get('kind')?.value) === 'signature'
}

/** Drone before 1.0: `pipeline` holds the steps, or, before 0.5, `build` or `script`. */
function isLegacy({ entries }: MapNode): boolean {
  if (entries.has('kind') || entries.has('steps')) return false
  if (kindOf(entries.get('pipeline')?.value) !== undefined) return true
  return isBeforePipeline(entries)
}

/** Of Drone 0.2 to 0.5. */
export function isBeforePipeline(entries: MapNode['entries']): boolean {
  if (entries.has('kind') || entries.has('steps') || entries.has('pipeline')) return false
  if (entries.has('build')) return kindOf(entries.get('build')?.value) === 'map'
  return entries.has('script') && entries.has('image')
}

/** Undefined for what is empty or no mapping and no list. */
function kindOf(node: Node | undefined): 'map' | 'list' | undefined {
  return node === undefined || node.kind === 'scalar' ? undefined : node.kind
}

function isWoodpecker(root: MapNode): boolean {
  const { entries } = root
  if (entries.has('kind')) return false
  const steps = entries.get('steps')?.value
  return (
    kindOf(steps) === 'map' || (steps !== undefined && !isNull(steps) && hasWoodpeckerKeys(root))
  )
}

/** Keys that neither Drone nor we have. */
function hasWoodpeckerKeys({ entries }: MapNode): boolean {
  const isThere = WOODPECKER_KEYS.some((key) => entries.has(key))
  if (isThere || entries.get('clone')?.value.kind === 'list') return true
  return stepsOf(entries).some(hasWoodpeckerStepKeys)
}

const WOODPECKER_KEYS = ['when', 'labels', 'skip_clone', 'runs_on']

function stepsOf(entries: MapNode['entries']): MapNode[] {
  const node = entries.get('steps')?.value ?? entries.get('pipeline')?.value
  const nodes =
    node?.kind === 'map'
      ? [...node.entries.values()].map(({ value }) => value)
      : node?.kind === 'list'
        ? node.items
        : []
  return nodes.flatMap((step) => (step.kind === 'map' ? [step] : []))
}

function hasWoodpeckerStepKeys({ entries }: MapNode): boolean {
  if (['backend_options', 'directory'].some((key) => entries.has(key))) return true
  return textOf(entries.get('failure')?.value) === 'cancel'
}
