/**
 * Bounds on what one pipeline file may cost. Whoever can push can write the file, so each of them
 * ends in a diagnostic instead of a long wait or an exception.
 */

/** Length of a file in UTF-16 code units. */
export const SOURCE_LENGTH_MAX = 1024 * 1024

/** Length in UTF-16 code units of all files of a compilation, included ones too. */
export const SOURCES_LENGTH_MAX = 2 * 1024 * 1024

/** Broken files of a compilation of which every error is looked for; of others the first is told. */
export const THOROUGH_READS_MAX = 3

/** Length of those files together in UTF-16 code units: looking for every error is slow. */
export const THOROUGH_LENGTH_MAX = 256 * 1024

/** Documents in a file. */
export const DOCUMENTS_MAX = 500

/** Lexical tokens in a file; real files of the full size have about 400,000. */
export const TOKENS_MAX = 500_000

/**
 * Values, and starts and ends of lists and mappings, in all files of a compilation; real files of the
 * full size have about 160,000.
 */
export const EVENTS_MAX = 750_000

/** Levels of lists and mappings inside each other. */
export const NESTING_MAX = 64

/** Nodes of a file once every alias and merge key is written out: what stops alias bombs. */
export const EXPANDED_NODES_MAX = 250_000

/** Steps in a file. */
export const STEPS_MAX = 10_000

/** Edges of all dependency graphs of a file, after left-out steps were bridged. */
export const EDGES_MAX = 100_000

/** Length in UTF-16 code units of all commands and variables of a plan, each counted where it is used. */
export const PLAN_TEXT_MAX = 8 * 1024 * 1024

/** Length of a glob pattern in UTF-16 code units. */
export const GLOB_LENGTH_MAX = 512

/** Alternatives in the list of a `when` or `trigger`. */
export const CONDITION_ALTERNATIVES_MAX = 200

/** What matching all other conditions may cost: looks at a state of a pattern's automaton. */
export const GLOBS_EFFORT_MAX = 10_000_000

/** What matching changed files may cost: looks at a state of a pattern's automaton, or at a file. */
export const PATHS_EFFORT_MAX = 10_000_000

/** Combinations of one matrix. */
export const MATRIX_MAX = 256

/** Length of a name (step, pipeline) in UTF-16 code units. */
export const NAME_LENGTH_MAX = 255

/**
 * Length of a variable's value in UTF-16 code units. Linux refuses a single string of 128 KiB or more
 * to execve(2) (MAX_ARG_STRLEN), and a code unit takes up to three bytes.
 */
export const VARIABLE_LENGTH_MAX = 32 * 1024

/**
 * Length in UTF-16 code units of the variables that carry values of `${}` to the commands of a stage, all
 * together. Linux gives execve(2) 2 MiB for arguments and variables as a rule (ARG_MAX), and the
 * variables of the build take their part.
 */
export const SUBSTITUTED_LENGTH_MAX = 256 * 1024

/** Parameters that the files of a build declare, and options of one. */
export const PARAMETERS_MAX = 100

/** Length of the value of a parameter in UTF-16 code units. */
export const PARAMETER_VALUE_MAX = 4096

/** Length in UTF-16 code units of all that parameters are declared with: it is kept with every build. */
export const PARAMETERS_TEXT_MAX = 64 * 1024

/** Errors of one file, and warnings; what comes after is counted, not told. */
export const DIAGNOSTICS_MAX = 200

/** Includes of a file, those of included files too. */
export const INCLUDES_MAX = 50
