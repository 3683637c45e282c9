import type { Static } from 'typebox'
import type { SecretRules } from '../../../secrets/types.js'
import type { SecretChange } from '../../schemas/secret.js'

/** The rules of a body. */
export function rulesOf(body: Static<typeof SecretChange>): SecretRules {
  const { pull_request: pullRequest, pull_request_push: pullRequestPush } = body
  const { events, images, branches } = body
  return {
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(pullRequestPush === undefined ? {} : { pullRequestPush }),
    ...(events === undefined ? {} : { events }),
    ...(images === undefined ? {} : { images }),
    ...(branches === undefined ? {} : { branches }),
  }
}
