import type { Dialect } from '../convert/dialect.js'
import { quote } from '../diagnostics/quote.js'
import type { Reporter } from '../diagnostics/reporter.js'
import { isAbsolute, normalPath } from '../schema/paths.js'
import type { DecodedPipeline } from '../schema/pipeline-shape.js'

const DEFAULT_BASE = '/drone/src'

/** Directories that a system can't run without; neither they nor what is in them may be covered. */
const CLOSED = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/proc',
  '/run',
  '/sbin',
  '/sys',
  '/usr/bin',
  '/usr/lib',
  '/usr/lib32',
  '/usr/lib64',
  '/usr/libexec',
  '/usr/libx32',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/var/run',
]

/** `exec` pipelines see the /usr of the host, in which no directory can be made. */
const CLOSED_ON_HOST = [...CLOSED, '/usr']

/** Directories that may not be covered themselves; a directory in them is fine. */
const CLOSED_ITSELF = ['/', '/home', '/opt', '/root', '/tmp', '/usr', '/usr/local', '/var']

/**
 * Absolute, normal path of the workspace: `path` below `base`, an absolute `path` as it is.
 * A path that would cover the system's own is reported; Drone took its default instead.
 */
export function workspacePath(
  { type, workspace }: Pick<DecodedPipeline, 'type' | 'workspace'>,
  dialect: Dialect,
  reporter: Reporter,
): string {
  const base = workspace?.base?.value ?? DEFAULT_BASE
  const path = workspace?.path?.value ?? ''
  const node = (workspace?.path ?? workspace?.base)?.node
  if (node === undefined) return DEFAULT_BASE
  if (isWindows(base) || isWindows(path)) return isWindows(path) ? path : `${base}/${path}`
  const resolved = normalPath(path.startsWith('/') ? path : `${base}/${path}`)
  const closed = type?.value === 'exec' ? CLOSED_ON_HOST : CLOSED
  const problem = !base.startsWith('/')
    ? `the base of the workspace, ${quote(base)}, is not an absolute path`
    : isClosed(resolved, closed)
      ? `the workspace can't be ${quote(resolved)}, which the system needs`
      : undefined
  if (problem === undefined) return resolved
  const isDrone = dialect === 'drone' || dialect === 'drone-0.8'
  const message = isDrone ? `${problem}; it is \`${DEFAULT_BASE}\`` : problem
  const hint = `take a directory of its own, e.g. ${DEFAULT_BASE}`
  reporter[isDrone ? 'warning' : 'error']('SP_PIPELINE_WORKSPACE', node.span, message, hint)
  return DEFAULT_BASE
}

function isWindows(path: string): boolean {
  return isAbsolute(path) && !path.startsWith('/')
}

function isClosed(path: string, directories: readonly string[]): boolean {
  return (
    CLOSED_ITSELF.includes(path) ||
    directories.some((closed) => path === closed || path.startsWith(`${closed}/`))
  )
}
