import type { Heredoc } from './heredoc.js'
import type { MountFlag } from './mount-flag.js'
import type { NameValue } from './words.js'

/** `--name=value`; a flag without a value has the empty one. */
export interface Flag {
  readonly name: string
  readonly value: string | null
}

/** What runs: words as they are, or text for the shell. */
export type CommandForm =
  | { readonly form: 'exec'; readonly argv: readonly string[] }
  | { readonly form: 'shell'; readonly text: string }

interface Base {
  readonly line: number
  /** The instruction as one line, for the log and for history. */
  readonly text: string
}

export interface ArgInstruction extends Base {
  readonly kind: 'ARG'
  /** A value of null: the name only. */
  readonly args: readonly { readonly name: string; readonly value: string | null }[]
}

export interface RunInstruction extends Base {
  readonly kind: 'RUN'
  readonly command: CommandForm
  readonly heredocs: readonly Heredoc[]
  readonly mounts: readonly MountFlag[]
  readonly network: 'default' | 'none'
}

export interface CopyInstruction extends Base {
  readonly kind: 'COPY' | 'ADD'
  readonly sources: readonly string[]
  readonly target: string
  readonly heredocs: readonly Heredoc[]
  /** Stage or image; null: the context. */
  readonly from: string | null
  readonly chown: string | null
  readonly chmod: string | null
  readonly exclude: readonly string[]
  /** Of ADD: what a URL must hold. */
  readonly checksum: string | null
}

export interface HealthcheckInstruction extends Base {
  readonly kind: 'HEALTHCHECK'
  /** null: NONE. */
  readonly command: CommandForm | null
  readonly times: Readonly<
    Partial<Record<'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval', string>>
  >
  readonly retries: string | null
}

/** One instruction of a stage, its variables not replaced yet. */
export type Instruction =
  | ArgInstruction
  | RunInstruction
  | CopyInstruction
  | HealthcheckInstruction
  | (Base & { readonly kind: 'ENV' | 'LABEL'; readonly pairs: readonly NameValue[] })
  | (Base & { readonly kind: 'CMD' | 'ENTRYPOINT'; readonly command: CommandForm })
  | (Base & { readonly kind: 'SHELL'; readonly argv: readonly string[] })
  | (Base & { readonly kind: 'EXPOSE' | 'VOLUME'; readonly words: readonly string[] })
  | (Base & {
      readonly kind: 'WORKDIR' | 'USER' | 'STOPSIGNAL' | 'MAINTAINER' | 'ONBUILD'
      readonly value: string
    })

/** `FROM` with what follows it until the next one. */
export interface StageSource {
  readonly line: number
  readonly text: string
  /** Image or an earlier stage; its variables not replaced yet. */
  readonly base: string
  readonly platform: string | null
  /** In lower case; null where it has none. */
  readonly name: string | null
  readonly instructions: readonly Instruction[]
}

/** A Dockerfile as it is written. */
export interface Dockerfile {
  /** As people named it, for messages. */
  readonly file: string
  readonly escape: string
  /** Value of `# syntax=`; null where there is none. */
  readonly syntax: string | null
  /** ARG before the first FROM. */
  readonly args: readonly ArgInstruction[]
  readonly stages: readonly StageSource[]
}
