import { SandpiperError } from '../../../protocol/errors.js'
import { parseImageName, type ImageName } from '../../layers/image-name.js'
import type { BuildRequest } from '../plugins/build-request.js'
import { listOf } from '../plugins/values.js'
import type { Build } from './build.js'
import { readWorkspaceFile } from './copy-layer.js'
import { insideOf } from './step-place.js'

/** Bytes of a file with tags. */
const TAGS_BYTES_MAX = 64 * 1024
/** Tags that one image may get. */
const TAGS_MAX = 100

/**
 * The names that the image is to be pushed under, grouped by repository; none where nothing is pushed.
 * @throws SandpiperError SP_IMAGE_NAME, SP_BUILD_SETTING
 */
export async function targetsOf(request: BuildRequest, build: Build): Promise<ImageName[]> {
  if (!request.push) return []
  const tags = [...new Set(await tagsOf(request, build))]
  if (tags.length === 0 || tags.length > TAGS_MAX) {
    throw new SandpiperError(
      'SP_BUILD_SETTING',
      `there are ${String(tags.length)} tags for the image; 1 to ${String(TAGS_MAX)} are possible`,
      { hint: 'Set `tags`, or `auto_tag: true`.' },
    )
  }
  return request.repositories.flatMap((repository) =>
    tags.map((tag) => parseImageName(`${repository}:${tag}`)),
  )
}

async function tagsOf({ tags }: BuildRequest, build: Build): Promise<readonly string[]> {
  if (tags.kind === 'list') return tags.tags
  if (tags.kind === 'skip') return []
  const { ground, place } = build.options
  const file = await readWorkspaceFile(ground, insideOf(place, tags.path), TAGS_BYTES_MAX)
  if (file !== null) return listOf(file.toString('utf8').replace(/\r?\n/g, ','))
  if (tags.isOptional) return ['latest']
  throw new SandpiperError('SP_BUILD_SETTING', `there is no file ${tags.path} with tags`, {
    hint: 'Let a step before this one write it, or set `tags`.',
  })
}
