import { SandpiperError } from '../../protocol/errors.js'

/** An image name with everything spelled out. */
export interface ImageName {
  /** e.g. `docker.io/library/busybox:latest`; equal names have equal texts. */
  readonly canonical: string
  /** As people write it, with its tag: `busybox:latest`. */
  readonly familiar: string
}

const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const DOMAIN_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])'
const DOMAIN = new RegExp(`^${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*(?::[0-9]{1,5})?$`)
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^\w[\w.-]{0,127}$/
const LENGTH_MAX = 150

/**
 * Reads an image name by the grammar of container references (distribution/reference): `NAME[:TAG]`,
 * where a first part with a dot, a colon, or `localhost` is a registry; the registry `docker.io`, its
 * `library/` and the tag `latest` go without saying.
 * @throws SandpiperError SP_IMAGE_NAME
 */
export function parseImageName(text: string): ImageName {
  if (text.includes('@')) throw bad(text, 'names with a digest are not supported')
  if (text.length > LENGTH_MAX) throw bad(text, `it has more than ${String(LENGTH_MAX)} characters`)
  const [first = '', ...others] = text.split('/')
  const hasDomain = others.length > 0 && /[.:]|^localhost$/.test(first)
  const domain = !hasDomain || first === 'index.docker.io' ? 'docker.io' : first
  const rest = hasDomain ? others.join('/') : text
  const colon = rest.lastIndexOf(':')
  const repository = colon < 0 ? rest : rest.slice(0, colon)
  const tag = colon < 0 ? 'latest' : rest.slice(colon + 1)
  if (!DOMAIN.test(domain)) throw bad(text, `${domain} is no registry`)
  if (!PATH.test(repository)) throw bad(text, 'a repository is lower-case words between slashes')
  if (!TAG.test(tag)) throw bad(text, 'a tag is up to 128 letters, digits, dots, dashes')
  const path =
    domain === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository
  return {
    canonical: `${domain}/${path}:${tag}`,
    familiar: `${familiarRepository(domain, path)}:${tag}`,
  }
}

function familiarRepository(domain: string, path: string): string {
  if (domain !== 'docker.io') return `${domain}/${path}`
  return path.startsWith('library/') ? path.slice('library/'.length) : path
}

function bad(text: string, why: string): SandpiperError {
  const shown = JSON.stringify(text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}...` : text)
  return new SandpiperError('SP_IMAGE_NAME', `${shown} is no image name: ${why}`, {
    hint: 'Use NAME, NAME:TAG or REGISTRY/NAME:TAG, for example golang:1.23.',
  })
}
