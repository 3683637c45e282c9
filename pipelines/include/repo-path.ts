/** Length of a path in UTF-16 code units: PATH_MAX of Linux. */
const PATH_LENGTH_MAX = 4096

/**
 * The path of a file in the repo, from its root.
 * @returns why it can't be one, in words that go on after "the path"
 */
export function repoPath(
  written: string,
): { readonly path: string } | { readonly problem: string } {
  if (written.length > PATH_LENGTH_MAX) return { problem: 'is too long' }
  if (written.startsWith('/')) return { problem: 'must start at the root of the repo, without `/`' }
  if (/[\\\0]/.test(written)) return { problem: 'has a character that paths do not have here' }
  const parts = written.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return { problem: 'must not leave the repo with `..`' }
  if (parts.includes('.git')) return { problem: 'is in the folder of git itself' }
  return parts.length === 0 ? { problem: 'names no file' } : { path: parts.join('/') }
}
