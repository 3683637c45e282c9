import { WordError } from './expand.js'

/** `RUN --mount=...`; its values may hold variables. */
export interface MountFlag {
  readonly type: 'bind' | 'cache' | 'secret' | 'tmpfs'
  /** Absolute, or below the working directory; of secrets empty where it is the usual place. */
  readonly target: string
  /** Path in what it is from. */
  readonly source: string
  /** Stage or image of a bind; null: the context. */
  readonly from: string | null
  /** Of caches and secrets. */
  readonly id: string
  readonly required: boolean
  /** Octal. */
  readonly mode: string
  readonly uid: string
  readonly gid: string
  /** Variable that a secret is in, beside the file or instead of it. */
  readonly env: string
  readonly size: string
  readonly readOnly: boolean
}

const NAMES: Readonly<Record<string, string>> = {
  target: 'target',
  dst: 'target',
  destination: 'target',
  source: 'source',
  src: 'source',
  from: 'from',
  id: 'id',
  required: 'required',
  mode: 'mode',
  uid: 'uid',
  gid: 'gid',
  env: 'env',
  size: 'size',
  readonly: 'readonly',
  ro: 'readonly',
  readwrite: 'readwrite',
  rw: 'readwrite',
  sharing: 'sharing',
  type: 'type',
}

/** @throws WordError */
export function parseMountFlag(text: string): MountFlag {
  const fields = fieldsOf(text)
  const get = (name: string): string => fields.get(name) ?? ''
  const type = fields.get('type') ?? 'bind'
  if (type === 'ssh') {
    throw new WordError('--mount=type=ssh is not supported: steps have no SSH agent. Use a secret')
  }
  if (type !== 'bind' && type !== 'cache' && type !== 'secret' && type !== 'tmpfs') {
    throw new WordError(`--mount has no type ${JSON.stringify(type)}`)
  }
  if (type !== 'secret' && get('target') === '') {
    throw new WordError('--mount needs a target, e.g. --mount=type=cache,target=/root/.cache')
  }
  return {
    type,
    target: get('target'),
    source: get('source'),
    from: fields.get('from') ?? null,
    id: get('id'),
    required: isSet(fields, 'required'),
    ...{ mode: get('mode'), uid: get('uid'), gid: get('gid'), env: get('env'), size: get('size') },
    readOnly: isSet(fields, 'readonly') || (type === 'bind' && !isSet(fields, 'readwrite')),
  }
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const field of text.split(',')) {
    const equals = field.indexOf('=')
    const key = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase()
    const name = NAMES[key]
    if (name === undefined) throw new WordError(`--mount has no field ${JSON.stringify(key)}`)
    fields.set(name, equals < 0 ? 'true' : field.slice(equals + 1))
  }
  return fields
}

function isSet(fields: ReadonlyMap<string, string>, name: string): boolean {
  return /^(?:true|1)$/i.test(fields.get(name) ?? '')
}
