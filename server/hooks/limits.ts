/**
 * Most bytes hashed to find out which repo's secret a body without `?repo=` was signed with. Anyone can
 * make the server do this work, so it has an end.
 */
export const TRIAL_BYTES_MAX = 256 * 1024 * 1024

/** Most repos whose secrets are tried on a body without `?repo=`. */
export const TRIALS_MAX = 100

/** Most repos that a body without `?repo=` may name, with those that it names beside its own. */
export const REPO_NAMES_MAX = 50

/** Most fields of a body without `?repo=` that are looked at for such names: a stranger can send millions. */
export const NAME_FIELDS_MAX = 1_000

/** Longest commit message kept, in UTF-16 units: it becomes an environment variable of each step, and
 * execve(2) refuses strings over 128 KiB (MAX_ARG_STRLEN). */
export const MESSAGE_LENGTH_MAX = 16 * 1024

/** Longest title, name, login or address kept, in UTF-16 units. */
export const LINE_LENGTH_MAX = 1024

/** Labels of a pull request that are kept. */
export const LABELS_MAX = 100

/** Longest ref accepted, in UTF-16 units. */
export const REF_LENGTH_MAX = 1024

/** Longest URL kept, in UTF-16 units. */
export const URL_LENGTH_MAX = 2048

/** Parameters of a deployment that are kept, and the longest of them, in UTF-16 units. */
export const PARAMS_MAX = 100
export const PARAM_LENGTH_MAX = 4 * 1024

/** Refs that one delivery may make builds of. */
export const REFS_MAX = 50
