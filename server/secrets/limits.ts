/** Characters of a secret's name. */
export const SECRET_NAME_LENGTH_MAX = 100

/** Letters, digits, `_`, `-` and `.`, as Drone has them; never `.` or `..`, for names are parts of paths. */
export const SECRET_NAME = '^(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,' + `${SECRET_NAME_LENGTH_MAX}}$`

/** Bytes of a value: a variable of a step takes 128 KiB at most (execve(2), MAX_ARG_STRLEN). */
export const SECRET_BYTES_MAX = 64 * 1024

/** Secrets, and registry logins, of one repo or of one owner. */
export const SECRETS_MAX = 500
export const REGISTRIES_MAX = 50

/** Entries of a secret's lists, and characters of each. */
export const RULES_MAX = 50
export const RULE_LENGTH_MAX = 300

/** Bytes of the values that one stage is given. */
export const STAGE_BYTES_MAX = 512 * 1024
