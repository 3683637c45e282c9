import { didYouMean, typoOf } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import { type Document, type Entry, isNull, type MapNode } from '../parse/tree.js'
import { anchorBags } from './anchor-bags.js'
import { DECLARATIONS, type Declaration } from './decode-declaration.js'
import { pipelineHint } from './document-hints.js'
import { nameSteps } from './name-steps.js'
import { decodeObject } from './object.js'
import {
  type DecodedPipeline,
  DOCKER_PIPELINE_KEYS,
  EXEC_PIPELINE_KEYS,
  LABELS,
  OTHER_PIPELINE_KEYS,
} from './pipeline-shape.js'
import { wrongKind } from './scalars.js'
import type { DecodeContext } from './shape.js'
import { textOf } from './units.js'

/** A document as it is written: a pipeline, or what it declares. */
export type DecodedDocument =
  | { readonly pipeline: DecodedPipeline; readonly declaration?: undefined }
  | { readonly pipeline?: undefined; readonly declaration: Declaration }

/** Decodes one document by its kind and type. Null after an error that leaves nothing to use. */
export function decodeDocument(
  { root, anchorUses }: Document,
  context: DecodeContext,
): DecodedDocument | null {
  if (root.kind !== 'map') {
    return wrongKind(root, context, 'a document must be a mapping', 'start with `kind: pipeline`')
  }
  const kind = textOf(root.entries.get('kind')?.value) ?? 'pipeline'
  if (kind === 'pipeline') {
    const bags = anchorBags(root, anchorUses)
    return { pipeline: decodePipeline(root, bags, context) }
  }
  const decode = Object.hasOwn(DECLARATIONS, kind) ? DECLARATIONS[kind] : undefined
  if (decode !== undefined) return { declaration: decode(root, context) }
  reportKind(kind, root, context)
  return null
}

const KINDS = ['pipeline', 'template', ...Object.keys(DECLARATIONS)]

function reportKind(kind: string, root: MapNode, { reporter }: DecodeContext): void {
  const span = root.entries.get('kind')?.value.span ?? root.span
  const message = `there is no kind ${quote(kind)} of documents`
  const hint = didYouMean(kind, KINDS) ?? 'write `kind: pipeline`'
  reporter.error('SP_PIPELINE_KIND', span, message, hint)
}

/** Keys of pipelines that only runners of another kind know. */
const FOREIGN_KEYS = new Set([
  ...['metadata', 'node_name', 'node_selector', 'tolerations', 'service_account_name'],
  ...['dns_config', 'host_aliases', 'pool', 'server', 'user_data', 'token', 'image_pull_policy'],
])

function decodePipeline(
  root: MapNode,
  bags: ReadonlySet<string>,
  context: DecodeContext,
): DecodedPipeline {
  const type = typeOf(root, context)
  const isForeign = type !== 'docker' && type !== 'exec'
  const keys = isForeign ? OTHER_PIPELINE_KEYS : KEYS[type]
  const options = {
    hintFor: pipelineHint,
    isVital: (meant: string, { entries }: MapNode) => meant === 'steps' && !entries.has('steps'),
    allowUnknown: ({ key }: Entry) => bags.has(key) || (isForeign && FOREIGN_KEYS.has(key)),
  }
  const decoded = decodeObject(keys, options, root, context, 'a pipeline')
  checkSteps(decoded, context)
  const node = root.entries.get('node')?.value
  const labels = node?.kind === 'map' ? LABELS.decode(node, context, '`node`') : null
  return nameSteps(labels === null ? decoded : { ...decoded, labels }, context)
}

const KEYS = { docker: DOCKER_PIPELINE_KEYS, exec: EXEC_PIPELINE_KEYS }

/** Types that there are runners for, of ours and of Drone's. */
const TYPES = ['docker', 'exec', 'kubernetes', 'vm', 'ssh', 'digitalocean', 'aws', 'macstadium']

function typeOf(root: MapNode, { reporter, dialect }: DecodeContext): string {
  const node = root.entries.get('type')?.value
  const type = textOf(node) ?? 'docker'
  if (node === undefined || TYPES.includes(type)) return type
  const meant = typoOf(type, TYPES)
  if (meant !== undefined) {
    const severity = dialect === 'sandpiper' ? 'error' : 'warning'
    const message = `there is no type ${quote(type)} of pipelines`
    reporter[severity]('SP_PIPELINE_TYPE', node.span, message, `did you mean \`${meant}\`?`)
  }
  return type
}

/** Drone runs a pipeline without steps: it only checks the commit out. */
function checkSteps({ steps, node }: DecodedPipeline, { reporter, dialect }: DecodeContext): void {
  const entry = node.entries.get('steps')
  if (entry === undefined) {
    const severity = dialect === 'sandpiper' ? 'error' : 'warning'
    const message = 'a pipeline needs the key `steps`'
    reporter[severity]('SP_PIPELINE_MISSING_KEY', node.span, message)
  } else if (isNull(entry.value) || steps?.node.weight === 1) {
    reporter.warning('SP_PIPELINE_NO_EFFECT', entry.keySpan, 'the pipeline has no steps')
  }
}
