import { REF_LENGTH_MAX } from './limits.js'

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/
const ZERO_ID = /^(?:0{40}|0{64})$/
// git-check-ref-format(1), rules 1, 3-7, 9 and 10.
const FORBIDDEN_IN_REF =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/\.|\.lock(?:\/|$)|[/.]$|\p{Surrogate}/u

/** True for a full SHA-1 or SHA-256 object id in lower-case hex that is not all zeros. */
export function isCommitId(text: string): boolean {
  return OBJECT_ID.test(text) && !ZERO_ID.test(text)
}

/** True for the first digits of an object id, as Bitbucket gives them; the whole is looked up later. */
export function isAbbreviatedId(text: string): boolean {
  return /^[0-9a-f]{7,39}$/.test(text) && !/^0+$/.test(text)
}

/** True for the all-zeros id, git's name for "no object". */
export function isZeroId(text: string): boolean {
  return ZERO_ID.test(text)
}

/**
 * True for a full ref that git-check-ref-format(1) accepts. A component that starts with a dash is
 * refused too: git itself makes no such branch, and as a word of a command line it is an option.
 */
export function isFullRef(text: string): boolean {
  return (
    text.length <= REF_LENGTH_MAX &&
    /^refs\/[a-z]+\/./.test(text) &&
    !FORBIDDEN_IN_REF.test(text) &&
    !text.includes('/-')
  )
}

/** `main` of `refs/heads/main`; empty when the ref is no branch. */
export function branchOf(ref: string): string {
  return ref.startsWith('refs/heads/') ? ref.slice('refs/heads/'.length) : ''
}

/** `v1` of `refs/tags/v1`; empty when the ref is no tag. */
export function tagOf(ref: string): string {
  return ref.startsWith('refs/tags/') ? ref.slice('refs/tags/'.length) : ''
}
