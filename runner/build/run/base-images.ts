import { SandpiperError } from '../../../protocol/errors.js'
import type { Image, Lease } from '../../layers/types.js'
import { NO_SECRETS } from '../../secrets/stage-secrets.js'
import type { StageDeps } from '../../stage/deps.js'
import { pullCredentials } from '../../stage/pull-credentials.js'
import { PullLog } from '../../stage/pull-log.js'
import type { StepRun } from '../../stage/step-run.js'
import { where, type Place } from '../errors.js'
import type { BuildRequest } from '../plugins/build-request.js'
import { credentialsOf } from '../push/credentials.js'

export interface BaseImagesOptions {
  readonly run: StepRun
  readonly deps: Pick<StageDeps, 'images' | 'secrets'>
  readonly lease: Lease
  readonly request: Pick<BuildRequest, 'logins' | 'pull'>
  readonly signal: AbortSignal
}

/**
 * Brings the images that a Dockerfile names, each once, with the logins of the step and of its pipeline.
 * What goes wrong is told with its line.
 */
export function baseImages({
  run,
  deps,
  lease,
  request,
  signal,
}: BaseImagesOptions): (name: string, place: Place) => Promise<Image> {
  const { configs } = pullCredentials(run.job.stage, deps.secrets ?? NO_SECRETS)
  const credentials = [...credentialsOf(request.logins), ...configs]
  const policy = request.pull === undefined ? {} : { policy: request.pull }
  const known = new Map<string, Promise<Image>>()
  const bring = async (name: string): Promise<Image> => {
    const log = new PullLog(name)
    const say = (text: string): void => void run.log.say(text)
    const silence = log.listen(say)
    try {
      const image = await deps.images.require(name, {
        ...{ lease, credentials, signal, say, onProgress: log.onProgress, ...policy },
      })
      log.done()
      return image
    } finally {
      silence()
    }
  }
  return async (name, place) => {
    const image = known.get(name) ?? bring(name)
    known.set(name, image)
    try {
      return await image
    } catch (error) {
      if (!(error instanceof SandpiperError)) throw error
      const { code, hint, message } = error
      throw new SandpiperError(code, `${where(place)}: ${message}`, { hint, cause: error })
    }
  }
}
