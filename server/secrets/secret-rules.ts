import { EVENT_NAMES } from '../../pipelines/event.js'
import { parseGlob } from '../../pipelines/conditions/glob/glob.js'
import { secretInvalid } from './errors.js'
import { RULES_MAX, RULE_LENGTH_MAX, SECRET_BYTES_MAX, SECRET_NAME } from './limits.js'
import type { SecretRules } from './types.js'

const NAME = new RegExp(SECRET_NAME)

/** @throws SandpiperError SP_SECRET_INVALID */
export function checkSecretName(name: string): void {
  if (!NAME.test(name)) throw secretInvalid('its name is not 1 to 100 of A-Z a-z 0-9 . _ -')
}

/** A value must fit into a variable. @throws SandpiperError SP_SECRET_INVALID */
export function checkSecretValue(value: string): void {
  if (value === '') throw secretInvalid('its value is empty')
  if (value.includes('\0')) throw secretInvalid('its value has a NUL byte, which no variable takes')
  if (Buffer.byteLength(value) > SECRET_BYTES_MAX) {
    throw secretInvalid(`its value has more than ${SECRET_BYTES_MAX} bytes`)
  }
  // Half a surrogate pair has no UTF-8: what is stored would not be what was given.
  if (Buffer.from(value).toString() !== value) throw secretInvalid('its value is no Unicode text')
}

/** @throws SandpiperError SP_SECRET_INVALID */
export function checkSecretRules({ events = [], images = [], branches = [] }: SecretRules): void {
  const names: readonly string[] = EVENT_NAMES
  for (const [what, list] of Object.entries({ events, images, branches })) {
    if (list.length > RULES_MAX) throw secretInvalid(`it has more than ${RULES_MAX} ${what}`)
    if (list.some((one) => one.trim() === '' || one.length > RULE_LENGTH_MAX)) {
      throw secretInvalid(
        `one of its ${what} is empty or has more than ${RULE_LENGTH_MAX} characters`,
      )
    }
  }
  const unknown = events.find((event) => !names.includes(event))
  if (unknown !== undefined) {
    throw secretInvalid(
      `there is no event ${JSON.stringify(unknown)}; there are ${names.join(', ')}`,
    )
  }
  for (const branch of branches) {
    const glob = parseGlob(branch)
    if ('problem' in glob) throw secretInvalid(`${JSON.stringify(branch)}: ${glob.problem}`)
  }
}
