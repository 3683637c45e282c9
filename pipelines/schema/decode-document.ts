import { didYouMean } from '../diagnostics/did-you-mean.js'
import { quote } from '../diagnostics/quote.js'
import type { Document, Entry, MapNode, Node } from '../parse/tree.js'
import { anchorBags } from './anchor-bags.js'
import { decodeObject } from './object.js'
import {
  type DecodedPipeline,
  DOCKER_PIPELINE_KEYS,
  EXEC_PIPELINE_KEYS,
  UNSUPPORTED_PIPELINE_KEYS,
} from './pipeline-shape.js'
import { wrongKind } from './scalars.js'
import type { DecodeContext } from './shape.js'

/** Decodes one document by its kind and type. Null after an error that leaves nothing to use. */
export function decodeDocument(
  { root, anchorUses }: Document,
  context: DecodeContext,
): DecodedPipeline | null {
  if (root.kind !== 'map') {
    return wrongKind(root, context, 'a document must be a mapping', 'start with `kind: pipeline`')
  }
  if (!checkKind(root, context)) return null
  const bags = anchorBags(root, anchorUses)
  const options = {
    unsupported: UNSUPPORTED_PIPELINE_KEYS,
    misplaced: OTHER_LANGUAGES,
    allowUnknown: (entry: Entry) => bags.has(entry.key),
  }
  switch (typeOf(root, context)) {
    case 'docker':
      return decodeObject(DOCKER_PIPELINE_KEYS, options, root, context, 'a pipeline')
    case 'exec':
      return decodeObject(EXEC_PIPELINE_KEYS, options, root, context, 'a pipeline')
    case undefined:
      return null
  }
}

const DRONE_0_8 = 'files of Drone 0.8 are not supported yet; a pipeline has a list of `steps`'
const WOODPECKER = 'files of Woodpecker are not supported yet'

const OTHER_LANGUAGES = {
  pipeline: DRONE_0_8,
  branches: DRONE_0_8,
  when: `${WOODPECKER}; conditions on a pipeline are its \`trigger\``,
  labels: WOODPECKER,
  skip_clone: `${WOODPECKER}; write \`clone: {disable: true}\``,
}

function checkKind(root: MapNode, { reporter }: DecodeContext): boolean {
  const kind = root.entries.get('kind')?.value
  if (kind === undefined || textOf(kind) === 'pipeline') return true
  const written = textOf(kind) ?? ''
  const message = OTHER_KINDS.includes(written)
    ? `documents of the kind ${quote(written)} are not supported yet`
    : `there is no kind ${quote(written)} of documents`
  const hint = didYouMean(written, ['pipeline']) ?? 'write `kind: pipeline`'
  reporter.error('SP_PIPELINE_KIND', kind.span, message, hint)
  return false
}

const OTHER_KINDS = ['secret', 'signature', 'cron', 'registry', 'template']

function typeOf(root: MapNode, { reporter }: DecodeContext): 'docker' | 'exec' | undefined {
  const type = root.entries.get('type')?.value
  const written = type === undefined ? 'docker' : textOf(type)
  if (type === undefined || written === 'docker' || written === 'exec') {
    return written === 'exec' ? 'exec' : 'docker'
  }
  const message = `the type ${quote(written ?? '')} is not supported`
  const hint = didYouMean(written ?? '', ['docker', 'exec']) ?? 'use `docker` or `exec`'
  reporter.error('SP_PIPELINE_TYPE', type.span, message, hint)
  return undefined
}

function textOf(node: Node): string | undefined {
  return node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined
}
