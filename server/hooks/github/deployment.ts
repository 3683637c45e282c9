import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { decode } from '../decode.js'
import { deploymentReading } from '../deployment.js'
import { buildsNothing } from '../reading.js'
import type { EventReading } from '../reading.js'
import { Account, NullableString, nullable } from '../shapes.js'
import { cleanLine } from '../text.js'

const DeploymentPayload = Compile(
  Type.Object({
    action: NullableString,
    deployment: Type.Object({
      id: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      sha: Type.String(),
      ref: Type.String(),
      task: NullableString,
      environment: NullableString,
      description: NullableString,
      url: NullableString,
      payload: nullable(Type.Unknown()),
      creator: nullable(Account),
    }),
    repository: Type.Object({ default_branch: NullableString }),
    sender: nullable(Account),
  }),
)

/**
 * A deployment that somebody asked for.
 * @throws SandpiperError SP_HOOK_BODY_INVALID
 */
export function readDeployment(payload: unknown): EventReading {
  const { action, deployment, repository, sender } = decode(DeploymentPayload, payload)
  // Old ones have no action: a deployment could only be made then.
  if ((action ?? 'created') !== 'created') {
    return buildsNothing(`a deployment that was ${cleanLine(action)} makes no build`)
  }
  const { creator } = deployment
  return deploymentReading({
    id: deployment.id,
    commit: deployment.sha,
    ref: deployment.ref,
    defaultBranch: repository.default_branch ?? '',
    environment: deployment.environment ?? '',
    task: deployment.task ?? '',
    description: deployment.description,
    payload: deployment.payload,
    link: deployment.url,
    author: { login: creator?.login, avatar: creator?.avatar_url },
    sender: sender?.login ?? creator?.login ?? '',
  })
}
