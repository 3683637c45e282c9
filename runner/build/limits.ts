/** Bytes of a Dockerfile. */
export const DOCKERFILE_BYTES_MAX = 1024 * 1024

/** Instructions of a Dockerfile, with those that its bases trigger. */
export const INSTRUCTIONS_MAX = 2000

/** Stages of a Dockerfile. */
export const STAGES_MAX = 100

/** Characters that one value may have once its variables are replaced: they can repeat each other. */
export const VALUE_LENGTH_MAX = 128 * 1024

/** Characters of the configuration of an image. */
export const CONFIG_LENGTH_MAX = 4 * 1024 * 1024
