import type { Platform } from '../types.js'
import { noPlatform } from './choose.js'
import { platformOf } from './parse.js'
import { fitOf, ownPlatform, showPlatform } from './platforms.js'

/**
 * Checks that an image configuration (its JSON) is for the platform: a name without an index has one image
 * for whoever asks. One that says nothing passes.
 * @param what the image's name, for the message
 * @throws SandpiperError SP_IMAGE_PLATFORM
 */
export function checkPlatform(config: unknown, what: string, wanted = ownPlatform()): void {
  const platform: Platform | null = platformOf(config)
  if (platform && fitOf(platform, wanted) === null)
    throw noPlatform(what, wanted, [showPlatform(platform)])
}
