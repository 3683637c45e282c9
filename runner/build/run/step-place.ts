import path from 'node:path'
import { SandpiperError } from '../../../protocol/errors.js'

/** Where paths of the settings go from. */
export interface StepPlace {
  /** Absolute path inside, e.g. `/drone/src`. */
  readonly workspace: string
  /** Directory of the step: absolute, or below the workspace. */
  readonly directory: string
}

/** A path of the settings below the workspace. @throws SandpiperError SP_BUILD_CONTEXT */
export function insideOf({ workspace, directory }: StepPlace, text: string): string {
  const inside =
    path.posix.relative(workspace, path.posix.resolve(workspace, directory, text)) || '.'
  const isUrl = /^[a-z]+:\/\/|^git@/i.test(text)
  if (!isUrl && inside !== '..' && !inside.startsWith('../')) return inside
  throw new SandpiperError('SP_BUILD_CONTEXT', `${JSON.stringify(text)} is not in the workspace`, {
    hint: 'Contexts and Dockerfiles are paths in the checkout.',
  })
}
