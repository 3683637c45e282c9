import type { Action } from '../dockerfile/actions.js'
import { buildScope } from '../dockerfile/build-scope.js'
import { evaluate, initialState } from '../dockerfile/evaluate.js'
import { parseDockerfile } from '../dockerfile/parse-dockerfile.js'
import type { RunConfig } from '../image/oci-image.js'

/** What the last stage of a Dockerfile does, without doing it. */
export function evaluateText(
  text: string,
  { args = {}, base = {} }: { args?: Record<string, string>; base?: RunConfig } = {},
): {
  readonly config: RunConfig
  readonly author: string | null
  readonly actions: readonly Action[]
  readonly history: readonly string[]
  readonly unused: readonly string[]
} {
  const dockerfile = parseDockerfile(text, 'Dockerfile')
  const given = new Map(Object.entries(args))
  const scope = buildScope(dockerfile, { args: given, platform: 'linux/amd64' })
  let state = initialState(base)
  const actions: Action[] = []
  const history: string[] = []
  for (const instruction of dockerfile.stages.at(-1)?.instructions ?? []) {
    const evaluated = evaluate(instruction, state, scope)
    state = evaluated.state
    history.push(evaluated.createdBy)
    if (evaluated.action !== null) actions.push(evaluated.action)
  }
  const unused = [...given.keys()].filter((name) => !scope.used.has(name))
  return { config: state.config, author: state.author, actions, history, unused }
}
