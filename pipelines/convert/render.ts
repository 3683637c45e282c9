import { Document as YamlDocument, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import type { Document, ListNode, MapNode, Node, ScalarNode } from '../parse/tree.js'

/** Documents of our language as text such as people write it, with everything in its usual order. */
export function renderDocuments(documents: readonly Document[]): string {
  const texts = documents.map(({ root }) => {
    const document = new YamlDocument<YamlNode>(null, { version: '1.2', schema: 'core' })
    document.contents = renderNode(root, '', TOP)
    return document.toString({ lineWidth: 0, flowCollectionPadding: false })
  })
  return texts.join('\n---\n')
}

type YamlNode = Scalar | YAMLSeq | YAMLMap

/** The usual order of keys; others come after these, in the order of the source. */
const TOP = [
  'kind',
  'type',
  'name',
  'platform',
  'node',
  'clone',
  'workspace',
  'trigger',
  'depends_on',
  'concurrency',
  'matrix',
  'environment',
  'volumes',
  'services',
  'steps',
]
const STEP = [
  'name',
  'image',
  'pull',
  'privileged',
  'user',
  'detach',
  'environment',
  'settings',
  'entrypoint',
  'command',
  'shell',
  'working_dir',
  'commands',
  'volumes',
  'ports',
  'failure',
  'when',
  'depends_on',
]

/**
 * Recursion is bounded by the limit on nesting.
 * @param key what the node is the value of
 * @param order of the keys of a mapping, or of each mapping of a list
 */
function renderNode(node: Node, key: string, order: readonly string[] = []): YamlNode {
  switch (node.kind) {
    case 'scalar':
      return renderScalar(node)
    case 'list':
      return renderList(node, key, order)
    case 'map':
      return renderMap(node, order)
  }
}

function renderMap(node: MapNode, order: readonly string[]): YAMLMap {
  const map = new YAMLMap()
  const rank = (key: string): number => {
    const index = order.indexOf(key)
    return index < 0 ? order.length : index
  }
  const entries = [...node.entries.values()]
  entries.sort((one, other) => rank(one.key) - rank(other.key))
  for (const { key, value } of entries) {
    const isSteps = order === TOP && STEP_LISTS.includes(key)
    const name = textScalar(key)
    name.spaceBefore = isSteps
    map.items.push(new Pair(name, renderNode(value, key, isSteps ? STEP : [])))
  }
  map.flow = map.items.length === 0
  return map
}

const STEP_LISTS = ['services', 'steps']

/** Short lists of words stand on one line, as in `branch: [main, dev]`; commands never do. */
const FLOW_LENGTH_MAX = 60

function renderList(node: ListNode, key: string, order: readonly string[]): YAMLSeq {
  const list = new YAMLSeq()
  list.items = node.items.map((item, index) => {
    const rendered = renderNode(item, '', order)
    if (STEP_LISTS.includes(key) && index > 0) rendered.spaceBefore = true
    return rendered
  })
  list.flow = key !== 'commands' && node.items.every(isWord) && lengthOf(node) <= FLOW_LENGTH_MAX
  return list
}

function isWord(node: Node): boolean {
  return node.kind === 'scalar' && !node.text.includes('\n')
}

function lengthOf({ items }: ListNode): number {
  return items.reduce((sum, item) => sum + (item.kind === 'scalar' ? item.text.length + 2 : 0), 0)
}

function renderScalar({ value, text, plain }: ScalarNode): Scalar {
  if (typeof value === 'string') {
    const scalar = textScalar(value)
    // In quotes it stays text, whatever is put in.
    if (plain !== true && scalar.type === undefined && text.includes('${')) {
      scalar.type = 'QUOTE_DOUBLE'
    }
    return scalar
  }
  const scalar = new Scalar<unknown>(value)
  if (value === null || String(value) === text) return scalar
  // What the number looks like counts: `1.10` is not `1.1`, and `True` stays as it is.
  const [, decimals] = /^\d+\.(\d+)$/.exec(text) ?? []
  if (typeof value === 'boolean') scalar.source = text
  else if (decimals !== undefined) scalar.minFractionDigits = decimals.length
  else return textScalar(text)
  return scalar
}

function textScalar(text: string): Scalar {
  const scalar = new Scalar(text)
  if (text.includes('\n')) scalar.type = 'BLOCK_LITERAL'
  return scalar
}
