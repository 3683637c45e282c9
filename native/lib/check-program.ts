import { checkInside, checkText, checkWhole } from './check-value.js'
import { specError } from './error.js'
import type { ExecSpec } from './types.js'

/** NGROUPS_MAX. */
const GROUPS_MAX = 65_536
const IDS_MAX = 2 ** 32 - 1

/**
 * Refuses a program that can't be run.
 * @throws NativeError SP_NATIVE_SPEC, saying which value is wrong.
 */
export function checkProgram(spec: ExecSpec): void {
  const [program] = spec.argv
  if (program === undefined) throw specError('argv is empty')
  checkInside('argv[0]', program)
  spec.argv.forEach((argument, index) => checkText(`argv[${index}]`, argument))
  for (const [name, value] of Object.entries(spec.env)) {
    checkText(`environment variable ${JSON.stringify(name)}`, name + value)
    if (name === '' || name.includes('=')) {
      throw specError(`environment variable name ${JSON.stringify(name)} is empty or has a "="`)
    }
  }
  checkInside('cwd', spec.cwd, { root: true })
  if (spec.user) checkUser(spec.user)
}

/** Whether the stage has the ids is the launcher's to say. */
function checkUser(user: NonNullable<ExecSpec['user']>): void {
  const groups = user.groups ?? []
  if (groups.length > GROUPS_MAX) {
    throw specError(`user must have at most ${GROUPS_MAX} groups, not ${groups.length}`)
  }
  checkWhole('user uid', user.uid, 0, IDS_MAX)
  for (const id of [user.gid, ...groups]) checkWhole('user gid', id, 0, IDS_MAX)
}
