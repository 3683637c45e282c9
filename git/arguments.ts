import { SandpiperError } from '../protocol/errors.js'
import { DEPTH_ALL, PATH_LENGTH_MAX, REF_LENGTH_MAX } from './limits.js'

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

/**
 * @throws SandpiperError SP_GIT_REFUSED unless `commit` is a whole object id of SHA-1 or SHA-256
 */
export function checkCommit(commit: string): void {
  if (!COMMIT.test(commit)) {
    throw refused(`not a commit id: ${quote(commit)}`, 'Give all 40 or 64 lower-case hex digits.')
  }
}

/**
 * Holds a full ref to the rules of git-check-ref-format(1), so that it is a ref to git and nothing else:
 * no option, no glob, no refspec.
 * @throws SandpiperError SP_GIT_REFUSED
 */
export function checkRef(ref: string): void {
  if (!isRef(ref)) {
    throw refused(`not a ref: ${quote(ref)}`, 'Give a full ref such as refs/heads/main.')
  }
}

/** True for a full ref below `refs/` that git-check-ref-format(1) accepts. */
export function isRef(ref: string): boolean {
  const parts = ref.split('/')
  return (
    ref.length <= REF_LENGTH_MAX &&
    parts.length >= 3 &&
    parts[0] === 'refs' &&
    !/[\p{Cc} ~^:?*[\\]|\.\.|@\{|\.$/u.test(ref) &&
    parts.every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
  )
}

/** Branch that a ref names, or null when it is no branch or `git branch` could not have made it. */
export function branchOf(ref: string | undefined): string | null {
  if (ref === undefined || !isRef(ref) || !ref.startsWith('refs/heads/')) return null
  const branch = ref.slice('refs/heads/'.length)
  return branch.startsWith('-') || branch === 'HEAD' ? null : branch
}

/**
 * @throws SandpiperError SP_GIT_REFUSED unless `path` is a plain relative path of a file in a tree
 */
export function checkPath(path: string): void {
  if (!isPath(path)) {
    throw refused(`not a path inside a repo: ${quote(path)}`, 'Give a path relative to its root.')
  }
}

/** True for a plain relative path that a file in a tree can have. */
export function isPath(path: string): boolean {
  const parts = path.split('/')
  const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..')
  return plain && path.length <= PATH_LENGTH_MAX && !/[\0\n]/.test(path)
}

/** Commits of history to ask git for; `depth` 0 is all. */
export function normalizeDepth(depth: number): number {
  if (!Number.isSafeInteger(depth) || depth < 0) {
    throw refused(`not a depth: ${String(depth)}`, 'Give a whole number; 0 is the whole history.')
  }
  return depth === 0 || depth > DEPTH_ALL ? DEPTH_ALL : depth
}

/** The value as it may stand in a message: bounded, no control characters. */
function quote(value: string): string {
  return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}...` : value)
}

function refused(message: string, hint: string): SandpiperError {
  return new SandpiperError('SP_GIT_REFUSED', message, { hint })
}
