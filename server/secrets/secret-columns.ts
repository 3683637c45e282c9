import type { SecretTable } from '../store/schema/secrets.js'
import type { SecretRules } from './types.js'

type RuleColumns = Pick<
  SecretTable,
  'pull_request' | 'pull_request_push' | 'events_json' | 'images_json' | 'branches_json'
>

/** The columns of those rules that are given. */
export function ruleColumns(rules: SecretRules): Partial<RuleColumns> {
  const { events, images, branches, pullRequestPush } = rules
  const pullRequest = rules.pullRequest ?? (events?.includes('pull_request') ? true : undefined)
  return {
    ...(pullRequest === undefined ? {} : { pull_request: pullRequest ? 1 : 0 }),
    ...(pullRequestPush === undefined ? {} : { pull_request_push: pullRequestPush ? 1 : 0 }),
    ...(events === undefined ? {} : { events_json: JSON.stringify(events) }),
    ...(images === undefined ? {} : { images_json: JSON.stringify(images) }),
    ...(branches === undefined ? {} : { branches_json: JSON.stringify(branches) }),
  }
}

/** Of a secret that says nothing else. */
export const RULE_DEFAULTS: RuleColumns = {
  pull_request: 0,
  pull_request_push: 0,
  events_json: '[]',
  images_json: '[]',
  branches_json: '[]',
}

/** A list as it was given. */
export function listIn(json: string): readonly string[] {
  return JSON.parse(json) as readonly string[]
}
