import { invalidBody } from './decode.js'
import { PARAMS_MAX, PARAM_LENGTH_MAX } from './limits.js'
import { commonEvent } from './push.js'
import type { Author } from './push.js'
import { builds } from './reading.js'
import type { EventReading } from './reading.js'
import { branchOf, isCommitId, isFullRef } from './ref.js'
import { cleanLine, cleanText } from './text.js'

/** A request to deploy, in words of any forge; nothing in it is checked yet. */
export interface Deployment {
  readonly id: number
  readonly commit: string
  /** Branch, tag or commit that was asked for. */
  readonly ref: string
  readonly defaultBranch: string
  readonly environment: string
  readonly task: string
  readonly description: string | null | undefined
  readonly payload: unknown
  readonly link: string | null | undefined
  readonly author: Author
  readonly sender: string
}

/**
 * The build event of a deployment: what Drone calls a promotion. Its commit is proven first: forges take any that they
 * know, and services that show what pull requests look like ask to deploy those of forks.
 * @throws SandpiperError SP_HOOK_BODY_INVALID when the ref or the commit is malformed
 */
export function deploymentReading(deployment: Deployment): EventReading {
  const { commit, environment, task } = deployment
  if (!isCommitId(commit)) throw invalidBody('deployment.sha', 'must be 40 or 64 hex digits')
  const ref = fullRef(deployment)
  if (!isFullRef(ref)) throw invalidBody('deployment.ref', 'is not a ref that git accepts')
  const branch = branchOf(ref)
  return builds({
    ...commonEvent(deployment.author, deployment.sender, deployment.link ?? ''),
    event: 'promote',
    action: 'created',
    ref,
    branch,
    sourceBranch: branch,
    after: commit,
    unproven: true,
    before: '',
    message: cleanText(deployment.description),
    deployTo: cleanLine(environment),
    deployTask: cleanLine(task),
    deployId: deployment.id,
    params: paramsOf(deployment.payload),
  })
}

/** A bare commit is looked for on the default branch. */
function fullRef({ ref, commit, defaultBranch }: Deployment): string {
  if (ref === commit || isCommitId(ref)) return `refs/heads/${defaultBranch || 'main'}`
  return ref.startsWith('refs/') ? ref : `refs/heads/${ref}`
}

const PARAM_NAME = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/

/** The payload's texts, numbers and truth values by name; senders also put the object into a string. */
function paramsOf(payload: unknown): Record<string, string> {
  const object = typeof payload === 'string' ? parsed(payload) : payload
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return {}
  const params = Object.entries(object).flatMap(([name, value]): [string, string][] => {
    const isScalar = ['string', 'number', 'boolean'].includes(typeof value)
    if (!isScalar || !PARAM_NAME.test(name)) return []
    return [[name, cleanText(String(value)).slice(0, PARAM_LENGTH_MAX)]]
  })
  return Object.fromEntries(params.slice(0, PARAMS_MAX))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
