import { RegistryError, shownText } from '../errors.js'
import { INDEX_TYPES } from './media-types.js'
import type { Platform } from '../types.js'
import type { IndexEntry } from './parse.js'
import { fitOf, showPlatform } from './platforms.js'

/**
 * The entries of an index that may have the platform's image, best first: those that say so; where none does,
 * those that say nothing, which have to be looked at.
 */
export function candidates(
  entries: readonly IndexEntry[],
  wanted: Platform,
): readonly IndexEntry[] {
  const images = entries.filter(({ isAttestation }) => !isAttestation)
  const fitting = images
    .map((entry) => ({ entry, fit: entry.platform && fitOf(entry.platform, wanted) }))
    .filter(({ fit }) => fit !== null)
    .sort((a, b) => (a.fit ?? 0) - (b.fit ?? 0))
    .map(({ entry }) => entry)
  return fitting.length > 0
    ? fitting.slice(0, 1)
    : images.filter(({ platform }) => platform === null)
}

/** Platforms that the entries name. */
export function platformsOf(entries: readonly IndexEntry[]): readonly string[] {
  return entries
    .filter(({ isAttestation, mediaType }) => !isAttestation && !INDEX_TYPES.has(mediaType))
    .map(({ platform }) => (platform ? showPlatform(platform) : 'unknown'))
}

/** @param offered platforms that there are, as texts */
export function noPlatform(
  what: string,
  wanted: Platform,
  offered: readonly string[],
): RegistryError {
  const there = [...new Set(offered)].sort().join(', ')
  return new RegistryError(
    'SP_IMAGE_PLATFORM',
    `${what} has no image for ${showPlatform(wanted)}; it has ${there === '' ? 'none at all' : shownText(there)}`,
    { hint: 'Use another tag, or run the stage on a runner with such a platform.' },
  )
}
