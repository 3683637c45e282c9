import type { MountFlag } from './mount-flag.js'

/** What an instruction does to the files of an image; all variables are replaced. */
export type Action = RunAction | CopyAction | DirectoryAction

export interface RunAction {
  readonly kind: 'run'
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** In the words of USER; empty is root. */
  readonly user: string
  /** Absolute. */
  readonly cwd: string
  readonly network: 'default' | 'none'
  readonly mounts: readonly MountFlag[]
  /** Program that the Dockerfile itself holds, which `argv` names. */
  readonly script?: string
}

export interface CopyAction {
  readonly kind: 'copy'
  /** ADD: archives are unpacked. */
  readonly isAdd: boolean
  /** Stage or image; null: the context. */
  readonly from: string | null
  readonly sources: readonly string[]
  /** What the Dockerfile itself holds. */
  readonly files: readonly { readonly name: string; readonly content: string }[]
  /** Absolute; ends with a slash where it has to be a directory. */
  readonly target: string
  readonly chown: string | null
  readonly chmod: string | null
  readonly exclude: readonly string[]
}

/** A directory that has to be there. */
export interface DirectoryAction {
  readonly kind: 'directory'
  readonly path: string
  /** Whose it is when it has to be made; empty is root. */
  readonly user: string
}

/** Where the program is that a RUN brings along as a heredoc with a `#!`. */
export const RUN_SCRIPT_PATH = '/run/sandpiper/heredoc'
