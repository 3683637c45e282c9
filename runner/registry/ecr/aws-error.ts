import { RegistryError, shownText } from '../errors.js'
import type { AwsKeys } from './signature.js'
import { xmlText } from './xml.js'

export interface AwsRefusal {
  readonly status: number
  /** Body of the answer. */
  readonly text: string
  readonly keys: AwsKeys
  /** What was asked for, as policies have it. */
  readonly action: string
  readonly where: string
}

/** An answer other than 200, with Amazon's own name for what is wrong. */
export class AwsError extends RegistryError {
  readonly reason: string

  constructor(reason: string, ...rest: ConstructorParameters<typeof RegistryError>) {
    super(...rest)
    this.reason = reason
  }
}

const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'NotAuthorized', 'OptInRequired'])

const EXPIRED = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired'])

const SIGNATURE = new Set(['SignatureDoesNotMatch', 'InvalidSignatureException'])

const UNKNOWN_KEYS = new Set([
  ...['UnrecognizedClientException', 'InvalidClientTokenId', 'AuthFailure', 'IncompleteSignature'],
  ...['MissingAuthenticationToken', 'MissingAuthenticationTokenException'],
  ...['IncompleteSignatureException', 'NotAuthorizedException'],
])

const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded|LimitExceeded.*Rate/

/** What an answer of Amazon's means. */
export function awsError(refusal: AwsRefusal): AwsError {
  const { status, where, action } = refusal
  const { reason, message } = wordsOf(refusal)
  const said = [reason, message].filter((one) => one !== '').join(': ')
  if (DENIED.has(reason)) {
    const text = `${where} does not let these keys do ${action}: ${said}`
    return new AwsError(reason, 'SP_IMAGE_DENIED', text, {
      hint: `Allow ${action} in the policy of the user or role that the keys belong to.`,
      status,
    })
  }
  if (EXPIRED.has(reason) || SIGNATURE.has(reason) || UNKNOWN_KEYS.has(reason)) {
    return new AwsError(
      reason,
      'SP_REGISTRY_CREDENTIALS',
      `${where} does not take the keys: ${said}`,
      { hint: hintOf(reason, message), status },
    )
  }
  return new AwsError(
    reason,
    'SP_REGISTRY_FAILED',
    `${where} answers ${String(status)} for ${action}${said === '' ? '' : `: ${said}`}`,
    {
      hint: 'Look the words up in the reference of Amazon ECR, or try again later.',
      again: status >= 500 || status === 429 || THROTTLED.test(reason),
      status,
    },
  )
}

/** What to do about keys that were not taken. */
function hintOf(reason: string, message: string): string {
  if (/expired|not yet current/i.test(message) && SIGNATURE.has(reason)) {
    return "Set the clock of the runner's machine right."
  }
  if (EXPIRED.has(reason)) return 'The session has ended: put new keys into the secrets.'
  if (SIGNATURE.has(reason)) return 'Check that secret_key belongs to access_key and is whole.'
  return 'Check access_key and secret_key; keys for a while (ASIA...) need their session_token.'
}

/** JSON 1.1 of ECR, XML of STS. Amazon repeats headers when a signature is wrong: keys are masked. */
function wordsOf({ text, keys }: AwsRefusal): {
  readonly reason: string
  readonly message: string
} {
  const { type, message } = fieldsOf(text)
  const reason = /([A-Za-z0-9]{1,100})(?::[^#]*)?$/.exec(type)?.[1] ?? ''
  const secrets = [keys.secretKey, keys.sessionToken].filter((secret) => secret.length > 3)
  const [said = ''] = message.split(/The Canonical String for this request/)
  return {
    reason,
    message: shownText(secrets.reduce((words, one) => words.replaceAll(one, '******'), said)),
  }
}

function fieldsOf(text: string): { readonly type: string; readonly message: string } {
  if (text.trimStart().startsWith('<')) {
    return { type: xmlText(text, 'Code') ?? '', message: xmlText(text, 'Message') ?? '' }
  }
  try {
    const fields = JSON.parse(text) as Readonly<Record<string, unknown>> | null
    const field = (...names: readonly string[]): string => {
      const value = names.map((name) => fields?.[name]).find((one) => typeof one === 'string')
      return typeof value === 'string' ? value : ''
    }
    return { type: field('__type'), message: field('message', 'Message') }
  } catch {
    return { type: '', message: '' }
  }
}
