import type { GitLogin } from '../protocol/job-secrets.js'

/**
 * A credential helper (gitcredentials(7)) that says what stands in the environment of git: so a login is in no file and
 * no argument. git calls it with what it wants done as the argument.
 */
export const LOGIN_HELPER =
  '!f() { test "$1" = get && ' +
  `printf 'username=%s\\npassword=%s\\n' "$SANDPIPER_GIT_USERNAME" "$SANDPIPER_GIT_PASSWORD"; }; f`

/** The variables that it reads. */
export function loginVariables({ username, password }: GitLogin): Readonly<Record<string, string>> {
  return { SANDPIPER_GIT_USERNAME: username, SANDPIPER_GIT_PASSWORD: password }
}
