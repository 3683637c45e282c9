import type { Node } from '../parse/tree.js'
import { oneOrMany } from './collections.js'
import { byKind, mapped } from './combinators.js'
import { NAME } from './name-shape.js'
import { type Keys, object } from './object.js'
import { flag } from './scalars.js'
import type { Shape } from './shape.js'

/** A step or pipeline that must end first. */
export interface Dependency {
  readonly name: string
  /** It is no mistake when there is none of that name. */
  readonly optional: boolean
  readonly node: Node
}

const DEPENDENCY_KEYS = {
  name: { shape: NAME, required: true, description: 'Name of what is depended on.' },
  optional: {
    shape: flag(),
    default: false,
    origin: 'sandpiper',
    description:
      'Do without it when there is none of that name, for example because an include brings it in.',
  },
} satisfies Keys

const DEPENDENCY: Shape<Dependency> = byKind<Dependency>(
  {
    scalar: mapped(NAME, ({ value, node }) => ({ name: value, optional: false, node })),
    map: mapped(object(DEPENDENCY_KEYS), ({ name, optional }) =>
      name === undefined
        ? null
        : { name: name.value, optional: optional?.value ?? false, node: name.node },
    ),
  },
  'a name or a mapping',
)

/** Names, each alone or as `{name, optional}`. */
export const DEPENDENCIES = oneOrMany(DEPENDENCY)
