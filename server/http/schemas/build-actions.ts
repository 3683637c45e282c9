import { Type } from 'typebox'
import { PARAMETER_VALUE_MAX } from '../../../pipelines/limits.js'
import { BuildParams, RepoName } from './params.js'

const ParamValue = Type.String({ maxLength: PARAMETER_VALUE_MAX })
/** A branch as a request names it. */
export const BranchName = Type.String({ minLength: 1, maxLength: 200 })
const StageName = Type.String({ minLength: 1, maxLength: 200 })

/** Parameters of a build as the body of a request; numbers and truth values become their texts. */
export const ParamsBody = Type.Optional(
  Type.Record(
    Type.String({ maxLength: 128 }),
    Type.Union([ParamValue, Type.Number(), Type.Boolean()]),
  ),
)

/** `?branch=&commit=&KEY=VALUE`, as Drone has it. */
export const CreateQuery = Type.Object(
  {
    branch: Type.Optional(BranchName),
    commit: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  { additionalProperties: ParamValue },
)

/** The same as a body; none at all is fine too. */
export const CreateBody = Type.Union([
  Type.Null(),
  Type.Object(
    {
      branch: Type.Optional(BranchName),
      tag: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      commit: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
      params: ParamsBody,
    },
    { additionalProperties: false },
  ),
])

/** `?failed=true`, `?from=STAGE`, `?KEY=VALUE`. */
export const RestartQuery = Type.Object(
  {
    failed: Type.Optional(
      Type.String({
        pattern: '^(?:true|false)$',
        description: 'Only what failed, and what depends on it.',
      }),
    ),
    from: Type.Optional(StageName),
  },
  { additionalProperties: ParamValue },
)

/** `?target=ENVIRONMENT&KEY=VALUE`. */
export const DeployQuery = Type.Object(
  { target: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })) },
  { additionalProperties: ParamValue },
)

/** The same as a body, which Drone's clients send as a form; none at all is fine too. */
export const DeployBody = Type.Union([Type.Null(), DeployQuery])

/** A stage of a build by its number, as Drone approves and declines. */
export const StageParams = Type.Object({
  owner: RepoName,
  name: RepoName,
  number: BuildParams.properties.number,
  stage: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
})

/** The parameters of a build among those of a request: all that have no meaning of their own. */
export function paramsOf(query: Readonly<Record<string, unknown>>): Record<string, string> {
  const own = new Set(['branch', 'commit', 'target', 'failed', 'from', 'access_token'])
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) =>
      !own.has(name) && typeof value === 'string' ? [[name, value] as const] : [],
    ),
  )
}
