import { SandpiperError } from '../../protocol/errors.js'

/** An image name with everything spelled out. */
export interface ImageName {
  /** e.g. `docker.io/library/busybox:latest`; equal names have equal texts. */
  readonly canonical: string
  /** As people write it, with its tag: `busybox:latest`. */
  readonly familiar: string
  /** Host of the registry, with its port where one was named: `docker.io`, `localhost:5000`. */
  readonly registry: string
  /** Path of the repository in it: `library/busybox`. */
  readonly repository: string
  /** Null where the name has a digest and no tag. */
  readonly tag: string | null
  /** `sha256:` + 64 hex digits of the manifest; null where the name has none. The digest rules. */
  readonly digest: string | null
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const DOMAIN_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const DOMAIN = new RegExp(`^${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*(?::[0-9]{1,5})?$`)
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/
const LENGTH_MAX = 150

/**
 * Reads an image name by the grammar of container references (distribution/reference):
 * `NAME[:TAG][@DIGEST]`, where a first part with a dot, a colon, or `localhost` is a registry; the registry
 * `docker.io`, its `library/` and the tag `latest` go without saying.
 * @throws SandpiperError SP_IMAGE_NAME
 */
export function parseImageName(text: string): ImageName {
  const [name = '', digest = null, ...more] = text.split('@')
  if (more.length > 0 || (digest !== null && !DIGEST.test(digest))) {
    throw bad(text, 'what comes after @ is sha256: and 64 hex digits')
  }
  if (name.length > LENGTH_MAX) throw bad(text, `it has more than ${String(LENGTH_MAX)} characters`)
  if (/^https?:\/\//.test(name)) throw bad(text, 'it is an address: leave out http:// or https://')
  const [first = '', ...others] = name.split('/')
  const hasDomain = others.length > 0 && /[.:]|^localhost$/.test(first)
  const registry = !hasDomain || first === 'index.docker.io' ? 'docker.io' : first
  const { repository, tag } = splitTag(hasDomain ? others.join('/') : name, digest)
  if (!DOMAIN.test(registry)) throw bad(text, `${registry} is no registry`)
  if (!PATH.test(repository)) throw bad(text, 'a repository is lower-case words between slashes')
  if (tag !== null && !TAG.test(tag)) {
    throw bad(text, 'a tag is up to 128 letters, digits, dots, dashes')
  }
  const isShort = registry === 'docker.io' && !repository.includes('/')
  const parts = {
    registry,
    repository: isShort ? `library/${repository}` : repository,
    tag,
    digest,
  }
  return { ...parts, canonical: canonicalOf(parts), familiar: familiarOf(parts) }
}

type Parts = Pick<ImageName, 'registry' | 'repository' | 'tag' | 'digest'>

function splitTag(
  text: string,
  digest: string | null,
): { readonly repository: string; readonly tag: string | null } {
  const colon = text.lastIndexOf(':')
  if (colon >= 0) return { repository: text.slice(0, colon), tag: text.slice(colon + 1) }
  return { repository: text, tag: digest === null ? 'latest' : null }
}

function canonicalOf({ registry, repository, tag, digest }: Parts): string {
  return `${registry}/${repository}${suffixOf(tag, digest)}`
}

function familiarOf({ registry, repository, tag, digest }: Parts): string {
  return `${familiarRepository(registry, repository)}${suffixOf(tag, digest)}`
}

/** A tag beside a digest says nothing about what the image is. */
function suffixOf(tag: string | null, digest: string | null): string {
  return digest === null ? `:${tag ?? ''}` : `@${digest}`
}

function familiarRepository(domain: string, path: string): string {
  if (domain !== 'docker.io') return `${domain}/${path}`
  return path.startsWith('library/') ? path.slice('library/'.length) : path
}

function bad(text: string, why: string): SandpiperError {
  const shown = JSON.stringify(text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}...` : text)
  return new SandpiperError('SP_IMAGE_NAME', `${shown} is no image name: ${why}`, {
    hint: 'Use NAME, NAME:TAG, NAME@DIGEST or REGISTRY/NAME:TAG, for example golang:1.23.',
  })
}
