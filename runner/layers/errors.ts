import { SandpiperError } from '../../protocol/errors.js'
import type { LayerLimits } from './limits.js'

/** A layer or archive that breaks a rule of its format, or tries to get out of its directory. */
export function invalidLayer(message: string): SandpiperError {
  return new SandpiperError('SP_LAYER_INVALID', message, {
    hint: 'Make the archive again, e.g. with tar --numeric-owner -C ROOT -cf FILE .',
  })
}

/** A file that is no image in any form that can be imported. */
export function invalidImage(message: string, cause?: unknown): SandpiperError {
  return new SandpiperError('SP_IMAGE_INVALID', message, {
    hint: 'Import a tar of a root file system, a docker save archive, or an OCI archive.',
    ...(cause === undefined ? {} : { cause }),
  })
}

/** An image whose programs don't run here. */
export function otherPlatform(platform: string, architecture: string): SandpiperError {
  return new SandpiperError(
    'SP_IMAGE_PLATFORM',
    `the image is for ${platform}, and this machine is linux/${architecture}`,
    { hint: `Use one that is made for linux/${architecture}, or for several platforms.` },
  )
}

/** A name from an archive as it may stand in a message. `name` holds bytes as latin1. */
export function printable(name: string): string {
  const text = Buffer.from(name, 'latin1').toString('utf8')
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text)
}

/** Errors about what a layer holds as a whole. */
export const entryErrors = { tooLarge, tooMany, tooMuchText, tooFewIds } as const

function tooLarge({ layerBytesMax }: LayerLimits): SandpiperError {
  return limitError(`more than ${String(layerBytesMax)} bytes`)
}

function tooMany({ layerEntriesMax }: LayerLimits): SandpiperError {
  return limitError(`more than ${String(layerEntriesMax)} entries`)
}

function tooMuchText(bytesMax: number): SandpiperError {
  return limitError(`more than ${String(bytesMax)} bytes in the names of its files`)
}

function tooFewIds(path: string, id: number, count: number): SandpiperError {
  return new SandpiperError(
    'SP_LAYER_IDS',
    `${printable(path)} belongs to id ${String(id)}, and stages of this user have ${String(count)} ids`,
    { hint: 'Give the user more subordinate ids, or run as root: `sandpiper doctor` tells how.' },
  )
}

function limitError(what: string): SandpiperError {
  return new SandpiperError('SP_LAYER_TOO_LARGE', `a layer has ${what}`, {
    hint: 'Make the image smaller.',
  })
}
