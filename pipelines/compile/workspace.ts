import { quote } from '../diagnostics/quote.js'
import type { Reporter } from '../diagnostics/reporter.js'
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
  '/usr/sbin',
  '/var/run',
]

/** `exec` pipelines see the /usr of the host, in which no directory can be made. */
const CLOSED_ON_HOST = [...CLOSED, '/usr']

/** Directories that may not be covered themselves; a directory in them is fine. */
const CLOSED_ITSELF = ['/', '/home', '/opt', '/root', '/tmp', '/usr', '/usr/local', '/var']

/**
 * Absolute, normal path of the workspace: `path` below `base`, an absolute `path` as it is.
 * A path that would cover the system's own is reported.
 */
export function workspacePath(
  { type, workspace }: Pick<DecodedPipeline, 'type' | 'workspace'>,
  reporter: Reporter,
): string {
  const base = workspace?.base?.value ?? DEFAULT_BASE
  const path = workspace?.path?.value ?? ''
  const node = (workspace?.path ?? workspace?.base)?.node
  if (!base.startsWith('/') && node !== undefined) {
    const message = `the base of the workspace, ${quote(base)}, is not an absolute path`
    reporter.error('SP_PIPELINE_WORKSPACE', workspace?.base?.node.span ?? node.span, message)
  }
  const resolved = normalize(path.startsWith('/') ? path : `${base}/${path}`)
  const closed = type?.value === 'exec' ? CLOSED_ON_HOST : CLOSED
  if (isClosed(resolved, closed) && node !== undefined) {
    const message = `the workspace can't be ${quote(resolved)}, which the system needs`
    const hint = 'take a directory of its own, e.g. /drone/src'
    reporter.error('SP_PIPELINE_WORKSPACE', node.span, message, hint)
  }
  return resolved
}

function isClosed(path: string, directories: readonly string[]): boolean {
  return (
    CLOSED_ITSELF.includes(path) ||
    directories.some((closed) => path === closed || path.startsWith(`${closed}/`))
  )
}

function normalize(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`
}
