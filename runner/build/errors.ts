import { SandpiperError } from '../../protocol/errors.js'

/** A place in a Dockerfile, for messages. */
export interface Place {
  /** As people named it, e.g. `docker/Dockerfile`. */
  readonly file: string
  /** The first is 1. */
  readonly line: number
}

/** What is wrong with a Dockerfile, with its place. */
export function dockerfileError(place: Place, message: string, hint = ''): SandpiperError {
  return new SandpiperError('SP_BUILD_DOCKERFILE', `${where(place)}: ${message}`, { hint })
}

/** What Dockerfiles may hold elsewhere, and is not had here. */
export function unsupported(place: Place, message: string, hint: string): SandpiperError {
  return new SandpiperError('SP_BUILD_UNSUPPORTED', `${where(place)}: ${message}`, { hint })
}

/** What goes beyond a bound of this builder. */
export function tooLarge(place: Place, message: string): SandpiperError {
  return new SandpiperError('SP_BUILD_TOO_LARGE', `${where(place)}: ${message}`, {
    hint: 'Make the Dockerfile smaller, or split it into several images.',
  })
}

/** `Dockerfile:12` */
export function where({ file, line }: Place): string {
  return `${file}:${String(line)}`
}
