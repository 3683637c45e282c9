import { SandpiperError } from '../../protocol/errors.js'

/** Nothing of that name is there. */
export function secretUnknown(name: string, where: string): SandpiperError {
  return new SandpiperError('SP_SECRET_UNKNOWN', `There is no secret ${name} of ${where}.`, {
    hint: `'sandpiper secret ls ${where}' shows those that there are.`,
  })
}

/** There is one of that name already. */
export function secretExists(name: string, where: string): SandpiperError {
  return new SandpiperError('SP_SECRET_EXISTS', `There is a secret ${name} of ${where} already.`, {
    hint: 'Change it with PATCH, or remove it first.',
  })
}

/** What is given can't be a secret. Its value is not in the message. */
export function secretInvalid(why: string): SandpiperError {
  return new SandpiperError('SP_SECRET_INVALID', `The secret can't be kept: ${why}.`, {
    hint: 'docs/api.md says what a secret may have.',
  })
}

/** There are as many as there may be. */
export function secretLimit(what: string, where: string, most: number): SandpiperError {
  return new SandpiperError('SP_SECRET_LIMIT', `${where} has ${most} ${what}, which is the most.`, {
    hint: 'Remove some that nobody uses.',
  })
}

/** No login for that registry is there. */
export function registryUnknown(address: string, where: string): SandpiperError {
  return new SandpiperError(
    'SP_REGISTRY_LOGIN_UNKNOWN',
    `There is no login for the registry ${address} of ${where}.`,
    { hint: `'sandpiper registry ls ${where}' shows those that there are.` },
  )
}

/** There is a login for that registry already. */
export function registryExists(address: string, where: string): SandpiperError {
  return new SandpiperError(
    'SP_REGISTRY_LOGIN_EXISTS',
    `There is a login for the registry ${address} of ${where} already.`,
    { hint: 'Change it with PATCH, or remove it first.' },
  )
}
