/** Exit codes of every command; scripts rely on them. */
export const ExitCode = {
  /** Done, or the build passed. */
  ok: 0,
  /** The build or the check failed. */
  failed: 1,
  /** The command was called wrongly, or names something that isn't there. */
  usage: 2,
  /** The host, the set-up or the server is not as it has to be. */
  host: 3,
  /** A signal ended the command before it was done; 128 and the number of SIGINT, as shells count. */
  interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
