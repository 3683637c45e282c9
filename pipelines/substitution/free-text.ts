import type { Reference } from './template.js'

/**
 * Variables whose values nobody can choose freely: numbers, hashes, times, words of our own, and what
 * belongs to the repo or the file. Whoever pushes, or opens a pull request, chooses the others: messages,
 * branches, tags, names of people, parameters.
 */
const SETTLED =
  /^(?:CI|DRONE|SANDPIPER|(?:DRONE|CI|SANDPIPER)_(?:(?:.*_)?(?:SHA|NUMBER|PARENT|CREATED|STARTED|FINISHED|TIMESTAMP|STATUS|DEBUG|EVENT|VERSION|PRIVATE|VISIBILITY|SCM|MAJOR|MINOR|PATCH|MICRO|MAJOR_MINOR)|(?:SYSTEM|STAGE|REPO|WORKFLOW|MACHINE|FORGE)(?:_.*)?|(?:SEMVER|CALVER)_SHORT|COMMIT(?:_AFTER|_BEFORE)?|DEPLOY_ID|PULL_REQUEST|COMMIT_PULL_REQUEST|REMOTE_URL|GIT_(?:HTTP|SSH)_URL|BUILD_LINK))$/

/** Whether strangers can put any text into what a reference stands for. */
export function isFreeText(
  reference: Reference,
  scope: {
    readonly variables: Readonly<Record<string, string>>
    readonly fromFile: ReadonlySet<string>
  },
  isKnown: (name: string) => boolean,
): boolean {
  const { name, operator, args } = reference
  if (operator === 'length') return false
  const isThere = Object.hasOwn(scope.variables, name) || isKnown(name)
  if (isThere && !scope.fromFile.has(name) && !SETTLED.test(name)) return true
  return args.flat().some((part) => typeof part !== 'string' && isFreeText(part, scope, isKnown))
}
