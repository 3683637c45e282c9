import { quote } from '../diagnostics/quote.js'
import type { Span } from '../diagnostics/reporter.js'
import type { Entry, Node } from '../parse/tree.js'
import type { Ledger } from './change.js'
import { entryAt, itemsOf, listAt, mapAt, scalarAt, textOf } from './nodes.js'

/** The volumes of a pipeline, gathered from the short forms (`source:path`) in its steps. */
export interface VolumeTable {
  /** `volumes: ["source:path:ro"]` of a step as mounts of declared volumes. */
  mounts(node: Node): Node[]
  /** `tmpfs: ["path:size=64m"]` of a step. */
  memory(node: Node): Node[]
  /** `devices: ["/dev/kvm:/dev/kvm"]` of a step. */
  devices(node: Node): Node
  /** What has to be declared for all of that; nothing when there is nothing. */
  declaration(): Entry[]
}

export function createVolumeTable(ledger: Ledger): VolumeTable {
  const names = new Map<string, string>()
  const freeName = createNames()
  const declared: Node[] = []

  const declare = (source: string, base: string, span: Span, how: Entry): string => {
    const known = names.get(source)
    if (known !== undefined) return known
    const name = freeName(base)
    names.set(source, name)
    declared.push(mapAt([entryAt('name', scalarAt(name, span), span), how], span))
    return name
  }
  const host = (path: string, span: Span): string => {
    const value = mapAt([entryAt('path', scalarAt(path, span), span)], span)
    ledger.check(span, `runners refuse ${quote(path)} of the host: the pipeline ends with an error`)
    return declare(path, nameFor(path), span, entryAt('host', value, span))
  }
  const temporary = (source: string, span: Span, options: readonly Entry[]): string =>
    declare(source, nameFor(source), span, entryAt('temp', mapAt(options, span), span))

  const mountOne = (item: Node): Node => {
    const text = textOf(item)
    if (text === undefined || text.length > VOLUME_LENGTH_MAX) return item
    const { source, path, readOnly } = splitVolume(text)
    if (source === undefined) return mount(temporary(path, item.span, []), path, false, item.span)
    if (isHostPath(source)) return mount(host(source, item.span), path, readOnly, item.span)
    const message = `the volume ${quote(source)} is empty at the start of every build`
    ledger.dropped(item.span, message, 'what it kept is not kept from build to build')
    return mount(temporary(source, item.span, []), path, readOnly, item.span)
  }

  return {
    mounts: (node) => {
      const items = itemsOf(node)
      if (items.length > 0) ledger.changed(node.span, VOLUMES_CHANGED)
      return items.map(mountOne)
    },
    memory: (node) =>
      itemsOf(node).map((item) => {
        const [path = '', options = ''] = shortText(item).split(':')
        const name = temporary(`${path}:memory`, item.span, memoryOptions(options, item.span))
        return mount(name, path, false, item.span)
      }),
    devices: (node) =>
      listAt(
        itemsOf(node).map((item) => {
          const [source = '', path = source] = shortText(item).split(':')
          return mount(host(source, item.span), path, false, item.span)
        }),
        node.span,
      ),
    declaration() {
      const [first] = declared
      if (first === undefined) return []
      return [entryAt('volumes', listAt(declared, first.span), first.span)]
    },
  }
}

const VOLUMES_CHANGED = '`volumes` of a step are declared by the pipeline and mounted by the step'

/** Linux has no longer paths than 4096; aliases could make much work of a long text. */
const VOLUME_LENGTH_MAX = 2 * 4096

function shortText(item: Node): string {
  return (textOf(item) ?? '').slice(0, VOLUME_LENGTH_MAX)
}

interface ShortVolume {
  readonly source: string | undefined
  readonly path: string
  readonly readOnly: boolean
}

/** Up to three parts; a letter before a colon is a drive of Windows. */
const SHORT_VOLUME = /^((?:[A-Za-z]:[\\/])?[^:]*)(?::((?:[A-Za-z]:[\\/])?[^:]*))?(?::(.*))?$/

/** Only a path alone has no source: `path`, `source:path`, `source:path:ro`. */
function splitVolume(text: string): ShortVolume {
  const [, first = '', second, mode] = SHORT_VOLUME.exec(text) ?? []
  if (second === undefined) return { source: undefined, path: first, readOnly: false }
  return { source: first, path: second, readOnly: mode?.split(',').includes('ro') === true }
}

function isHostPath(source: string): boolean {
  return /^(?:[/$]|[A-Za-z]:[\\/])/.test(source)
}

function mount(name: string, path: string, readOnly: boolean, span: Span): Node {
  const entries = [
    entryAt('name', scalarAt(name, span), span),
    entryAt('path', scalarAt(path, span), span),
  ]
  if (readOnly) entries.push(entryAt('read_only', scalarAt(true, span), span))
  return mapAt(entries, span)
}

function memoryOptions(options: string, span: Span): Entry[] {
  const size = options
    .split(',')
    .find((option) => option.startsWith('size='))
    ?.slice('size='.length)
  const medium = entryAt('medium', scalarAt('memory', span), span)
  if (size === undefined) return [medium]
  return [medium, entryAt('size_limit', scalarAt(size, span), span)]
}

const VOLUME_NAME_LENGTH_MAX = 60

/** `var-run-docker-sock` for `/var/run/docker.sock`. */
function nameFor(source: string): string {
  const words = source.slice(0, VOLUME_NAME_LENGTH_MAX).split(/[^A-Za-z0-9]+/)
  return words.filter((word) => word !== '').join('-') || 'volume'
}

/** The language keeps these to itself. */
const RESERVED = ['workspace', '_workspace', '_docker_socket']

/** Gives each name once: a number is put behind one that is taken. */
function createNames(): (base: string) => string {
  const taken = new Set(RESERVED)
  const numbers = new Map<string, number>()
  return (base) => {
    let name = base
    // Numbers of a name only grow, so that all searches together are as long as there are names.
    for (let number = numbers.get(base) ?? 2; taken.has(name); number++) {
      name = `${base}-${number}`
      numbers.set(base, number + 1)
    }
    taken.add(name)
    return name
  }
}
