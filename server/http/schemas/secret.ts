import { Type } from 'typebox'
import {
  RULES_MAX,
  RULE_LENGTH_MAX,
  SECRET_BYTES_MAX,
  SECRET_NAME,
  SECRET_NAME_LENGTH_MAX,
} from '../../secrets/limits.js'
import { Id, Seconds, StringList } from './scalars.js'

/** Name of a secret. */
export const SecretName = Type.String({
  pattern: SECRET_NAME,
  minLength: 1,
  maxLength: SECRET_NAME_LENGTH_MAX,
})

const Rules = Type.Array(Type.String({ minLength: 1, maxLength: RULE_LENGTH_MAX }), {
  maxItems: RULES_MAX,
})

const RULES = {
  pull_request: Type.Optional(
    Type.Boolean({
      description: 'For builds of pull requests from the repo itself too. Forks never get any.',
    }),
  ),
  pull_request_push: Type.Optional(Type.Boolean()),
  events: Type.Optional({ ...Rules, description: 'For these events only.' }),
  images: Type.Optional({ ...Rules, description: 'For plugins of these images only.' }),
  branches: Type.Optional({
    ...Rules,
    description: 'For branches that match one of these globs only.',
  }),
  // Drone's clients may send them. There is no secret for forks to ask for.
  namespace: Type.Optional(Type.String({ maxLength: 100 })),
  pull: Type.Optional(Type.Boolean()),
  fork: Type.Optional(Type.Literal(false)),
} as const

const Data = Type.String({ minLength: 1, maxLength: SECRET_BYTES_MAX })

/** A secret to be kept. */
export const NewSecret = Type.Object(
  { name: SecretName, data: Data, ...RULES },
  { additionalProperties: false },
)

/** What is to be changed of one. */
export const SecretChange = Type.Object(
  { name: Type.Optional(SecretName), data: Type.Optional(Data), ...RULES },
  { additionalProperties: false },
)

/** A secret as `renderSecret` makes it: without its value. */
export const Secret = Type.Object(
  {
    id: Id,
    repo_id: Id,
    namespace: Type.String({
      description: 'Owner of the repos that it is for; empty for a repo’s.',
    }),
    name: Type.String(),
    pull_request: Type.Boolean(),
    pull_request_push: Type.Boolean(),
    events: StringList,
    images: StringList,
    branches: StringList,
    created: Seconds,
    updated: Seconds,
  },
  { title: 'Secret' },
)
