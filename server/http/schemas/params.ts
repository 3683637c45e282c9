import { Type } from 'typebox'

// A name becomes part of paths and of command lines: no slash, no `.` or `..`, no dash in front.
const REPO_NAME = '^(?!\\.{1,2}$)[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}$'

/** True for what may be the owner or the name of a repo. */
export function isRepoName(text: string): boolean {
  return new RegExp(REPO_NAME).test(text)
}

/** Owner or name of a repo. */
export const RepoName = Type.String({ pattern: REPO_NAME, minLength: 1, maxLength: 100 })

/** `/repos/:owner/:name`. */
export const RepoParams = Type.Object({ owner: RepoName, name: RepoName })

/** `/repos/:owner/:name/builds/:number`. */
export const BuildParams = Type.Object({
  owner: RepoName,
  name: RepoName,
  number: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }),
})

/** The same where the word `latest` may stand for a number. */
export const BuildOrLatestParams = Type.Object({
  owner: RepoName,
  name: RepoName,
  number: Type.String({ pattern: '^(?:latest|[1-9][0-9]{0,14})$' }),
})

/** `/repos/:owner/:name/builds/:number/logs/:stage/:step`, and the like about a step. */
export const StepParams = Type.Object({
  owner: RepoName,
  name: RepoName,
  number: Type.String({ pattern: '^(?:latest|[1-9][0-9]{0,14})$' }),
  stage: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  step: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
})
