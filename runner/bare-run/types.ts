import type { BindMount, SandboxExit } from '../../native/lib/types.js'
import type { ResourcesPlan } from '../../pipelines/plan.js'
import type { PullPolicy } from '../images/types.js'
import type { Verdict } from '../stage/verdict.js'

/** One command that is to run in a sandbox, without a pipeline around it. */
export interface BareRun {
  /** Name of the image; absent: a root with the host's own tools. */
  readonly image?: string
  /** Absent: pulled when it is not there. */
  readonly pull?: PullPolicy
  /** Program and arguments; empty: what the image itself would run. */
  readonly argv: readonly string[]
  /** Variables over those of the root. */
  readonly env: Readonly<Record<string, string>>
  /** Where it starts; absent: where the image says. */
  readonly workingDir?: string
  /** In the words of `user:`; absent: whom the image says. */
  readonly user?: string
  /** Limits beside the runner's defaults, which are no maxima here. */
  readonly resources: ResourcesPlan
  /** `none`: loopback only. */
  readonly network?: 'none'
  readonly timeoutMs?: number
  /** Between asking it to end (SIGTERM) and ending it (SIGKILL). */
  readonly graceMs: number
  readonly mounts: readonly Pick<BindMount, 'source' | 'target' | 'readOnly'>[]
}

/** What happens to a run while it goes on. */
export interface BareRunHooks {
  /** Gets what it prints, in order; the next bytes come when it has resolved. */
  readonly write: (bytes: Buffer) => Promise<void>
  /** Gets what is to be told of pulling its image, line by line. */
  readonly say: (text: string) => void
  /** Ends the run in good order. */
  readonly signal: AbortSignal
  /** Ends it at once. */
  readonly kill: AbortSignal
}

/** How long each part took, in milliseconds. */
export interface BareRunPhases {
  /** Finding its image, and pulling it. */
  readonly pullMs: number
  readonly prepareMs: number
  /** Making what a stage shares: user and network namespace. */
  readonly stageMs: number
  /** From the wish to the running program. */
  readonly startMs: number
  /** From there to the end of all its processes. */
  readonly runMs: number
  readonly removeMs: number
}

export interface BareRunResult extends Verdict {
  readonly exit: SandboxExit
  /** Whether the hooks' signal ended it. */
  readonly wasInterrupted: boolean
  readonly phases: BareRunPhases
}
