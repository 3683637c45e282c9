import type { BuildEvent } from '../event.js'
import type { ClonePlan } from '../plan.js'
import { unlessEmpty, type Variables } from './value.js'

/**
 * What git reads from the environment: commits that a step makes are by the author of the commit that
 * is built, and git never waits for someone to type a password. Source: Drone's runners; git(1).
 */
export function gitVariables({ author }: BuildEvent, clone?: ClonePlan): Variables {
  const name = unlessEmpty(author.name) ?? unlessEmpty(author.login) ?? 'sandpiper'
  const email = unlessEmpty(author.email) ?? 'noreply@localhost'
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
    GIT_TERMINAL_PROMPT: '0',
    GIT_TRACE: clone?.trace === true ? 'true' : undefined,
    GIT_SSL_NO_VERIFY: clone?.skipVerify === true ? 'true' : undefined,
  }
}
