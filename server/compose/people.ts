import { createCloneLogins, type CloneLoginOf } from '../forges/clone-login.js'
import { personalTokens, type TokenOf } from '../forges/token.js'
import { createPeople } from '../people/people.js'
import type { PeopleService } from '../people/types.js'
import type { Base } from './base.js'
import type { Sources } from './sources.js'

/** Who may do what, and the tokens that are theirs. */
export interface People {
  readonly people: PeopleService
  readonly tokenOf: TokenOf
  readonly cloneLogin: CloneLoginOf
}

export function createPeopleParts(base: Base, { forges }: Sources): People {
  const { db, clock, logger, config, closers } = base
  const { box: secrets } = base.secretKeys
  const people = createPeople({ db, clock, secrets, forges, settings: config.people, logger })
  closers.add('people', people, (it) => it.settled())
  const tokenOf = personalTokens(people)
  return {
    people,
    tokenOf,
    cloneLogin: createCloneLogins({ db, forges, secrets, tokenOf, logger }),
  }
}
