import { Type } from 'typebox'
import { cleanLine, cleanUrl } from '../hooks/text.js'
import { forgeFailed } from './errors.js'
import type { ForgeRepo } from './types.js'

/** Number or text that a forge names something by. */
export const Id = Type.Union([Type.Integer(), Type.String({ minLength: 1, maxLength: 200 })])

/** Text that may be missing. */
export const MaybeText = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** Truth that may be missing. */
export const MaybeFlag = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]))

/** A compiled typebox schema. */
export interface Shape<T> {
  Check(value: unknown): value is T
}

/**
 * Takes an answer for what the forge's documentation says that it is.
 * @throws ForgeError SP_FORGE_FAILED
 */
export function decode<T>(where: string, shape: Shape<T>, body: unknown): T {
  if (shape.Check(body)) return body
  throw forgeFailed(where, 'its answer is not what its documentation says', { again: true })
}

/** The repo with its texts fit for our pages: bounded, links that are none left out. */
export function cleanRepo(repo: ForgeRepo): ForgeRepo {
  return {
    ...repo,
    slug: cleanLine(repo.slug),
    link: cleanUrl(repo.link),
    cloneUrl: cleanUrl(repo.cloneUrl),
    defaultBranch: cleanLine(repo.defaultBranch),
  }
}
