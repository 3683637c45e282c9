import { retryAfterMs } from '../../../protocol/remote-error.js'
import type { FoundLogin } from '../credentials/keychain.js'
import { badAnswer, RegistryError, shownText } from '../errors.js'
import { isPage, type Answer } from './exchange.js'

export interface Refusal {
  readonly answer: Answer
  /** What was asked for: an image's name, a layer of it. */
  readonly what: string
  /** Credentials that were sent; null for none. */
  readonly found: FoundLogin | null
  readonly access: 'pull' | 'push' | 'token'
  readonly now: number
}

const AGAIN = new Set([408, 425, 429, 500, 502, 503, 504])

/** What an answer with an unwelcome status means. Reads its body. */
export async function statusError(refusal: Refusal): Promise<RegistryError> {
  const { answer, what, access, now } = refusal
  const { status, where } = answer
  const page = isPage(answer)
  const said = withoutSecrets(page ? '' : serverWords(await answer.errorText()), refusal)
  if (page) await answer.discard()
  if (status === 401 || status === 403) return denied(refusal, said)
  if (status === 404 && page) return badAnswer(where, 'it answers with a web page', { status })
  if (status === 404)
    return access === 'push' ? noPlace(what, where, said) : notFound(what, where, said)
  const afterMs = retryAfterMs(answer.header('retry-after'), now)
  const more = status === 429 ? ' (too many requests)' : ''
  return new RegistryError(
    'SP_REGISTRY_FAILED',
    `${where} answers ${status}${more} for ${what}${said}`,
    {
      hint: status === 429 ? LIMITED : 'Try again later, or look into the logs of the registry.',
      again: AGAIN.has(status),
      afterMs,
      status,
    },
  )
}

const LIMITED =
  'Registries limit how often an address may ask: give credentials, use a mirror, or pull with if-not-exists.'

function notFound(what: string, where: string, said: string): RegistryError {
  return new RegistryError('SP_IMAGE_NOT_FOUND', `${what} is not at ${where}${said}`, {
    hint: 'Check the name and the tag.',
    status: 404,
  })
}

function noPlace(what: string, where: string, said: string): RegistryError {
  return new RegistryError('SP_IMAGE_NOT_FOUND', `${where} has no place for ${what}${said}`, {
    hint: 'Some registries want the repository to be made before anything is pushed to it.',
    status: 404,
  })
}

function denied({ answer, what, found, access }: Refusal, said: string): RegistryError {
  const { status, where } = answer
  const verb = access === 'push' ? 'take' : 'give'
  const sent = found ? `with the credentials from ${found.source}` : 'without credentials'
  return new RegistryError(
    'SP_IMAGE_DENIED',
    `${where} does not ${verb} ${what} ${sent} (${status})${said}`,
    {
      hint: found
        ? `Check that they are right, and that they may ${access === 'push' ? 'push to' : 'pull from'} it.`
        : access === 'push'
          ? ASK_PUSH
          : ASK,
      status,
    },
  )
}

const ASK =
  'Check the name: registries say this of what is not there too. Else give credentials for this registry: image_pull_secrets of the pipeline, or a config.json in SANDPIPER_REGISTRY_CONFIG.'

/** Those of the runner let nobody push, and those of a plugin are Docker Hub's where its settings name no registry. */
const ASK_PUSH =
  'Give `username` and `password` for this registry: a plugin takes them for the one that its setting `registry` names, without it for Docker Hub. Or use image_pull_secrets of the pipeline. The config.json of a runner lets nobody push; with `sandpiper exec` yours does.'

/** `: CODE: message` of the errors that the body lists (distribution-spec, "Error codes"); empty for none. */
function serverWords(text: string): string {
  const words = listed(text)
  return words === '' ? '' : `: ${words}`
}

function listed(text: string): string {
  try {
    const { errors, details } = JSON.parse(text) as {
      readonly errors?: readonly { readonly code?: unknown; readonly message?: unknown }[]
      readonly details?: unknown
    }
    const lines = (Array.isArray(errors) ? errors : []).map(({ code, message }) =>
      [code, message].filter((one) => typeof one === 'string' && one !== '').join(': '),
    )
    return shownText(lines.length === 0 && typeof details === 'string' ? details : lines.join('; '))
  } catch {
    return ''
  }
}

/** A server may repeat what it was sent. */
function withoutSecrets(text: string, { found }: Refusal): string {
  const login = found?.login
  const secrets = !login ? [] : login.kind === 'basic' ? basicSecrets(login) : [login.token]
  return secrets
    .filter((secret) => secret.length > 3)
    .reduce((shown, secret) => shown.replaceAll(secret, '******'), text)
}

function basicSecrets(login: { readonly username: string; readonly password: string }): string[] {
  return [login.password, Buffer.from(`${login.username}:${login.password}`).toString('base64')]
}
