import { oneLine, RemoteError } from '../../protocol/remote-error.js'
import { SERVER_TEXT_MAX } from './limits.js'

/** A failure at a registry. */
export class RegistryError extends RemoteError {}

/** Bytes that are not what their digest or size says. */
export function wrongBytes(what: string, where: string, why: string, again = false): RegistryError {
  return new RegistryError(
    'SP_IMAGE_DIGEST',
    `${what} from ${where} is not what it should be: ${why}`,
    {
      hint: 'Pull again; if it stays, the copy there (or at a proxy on the way) is broken: push the image again.',
      again,
    },
  )
}

/** Whether it tells of bytes that are not what their digest or size says. */
export function isWrongBytes(error: unknown): boolean {
  return error instanceof RegistryError && error.code === 'SP_IMAGE_DIGEST'
}

/** A manifest that can't be used. */
export function badManifest(what: string, where: string, why: string): RegistryError {
  return new RegistryError('SP_IMAGE_MANIFEST', `can't use ${what} from ${where}: ${why}`, {
    hint: 'Push the image again with a current tool, as an OCI image or Docker schema 2.',
  })
}

/** A server that does not behave as a registry does. */
export function badAnswer(
  where: string,
  why: string,
  { status, again = false }: { readonly status?: number; readonly again?: boolean } = {},
): RegistryError {
  return new RegistryError('SP_REGISTRY_ANSWER', `${where} does not answer as a registry: ${why}`, {
    hint: 'Check the host and port in the image name, and whether a proxy or login page is in between.',
    again,
    ...(status === undefined ? {} : { status }),
  })
}

/** A place that a registry sent us to and where we don't go. */
export function refusedRedirect(where: string, why: string): RegistryError {
  return new RegistryError('SP_REGISTRY_REDIRECT', `${where} sends us where we don't go: ${why}`, {
    hint: 'Check the registry and the proxies before it.',
  })
}

/** Words of a server as they may stand in a message. */
export function shownText(text: string): string {
  return oneLine(text, SERVER_TEXT_MAX)
}
