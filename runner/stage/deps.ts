import type { BindMount, Launcher } from '../../native/lib/types.js'
import type { StepLimits } from '../config.js'
import type { DiskGuard } from '../disk-guard/disk-guard.js'
import type { IdSource } from '../ids.js'
import type { Images } from '../images/types.js'
import type { LayerStore } from '../layers/types.js'
import type { NetworkConfig } from '../network/stage-network.js'
import type { JobKey } from '../../protocol/job-secrets.js'
import type { Registries } from '../registry/types.js'
import type { MaskRules } from '../secrets/mask/masker.js'
import type { StageSecrets } from '../secrets/stage-secrets.js'
import type { Trash } from '../trash.js'
import type { WritableLayers } from '../writable/writable-layers.js'
import type { Workspace } from './workspace.js'

/** What running a stage needs; made once per process in compose.ts. */
export interface StageDeps {
  readonly launcher: Pick<Launcher, 'createStage'>
  readonly layers: LayerStore
  readonly images: Images
  /** The key that jobs' secrets are sealed with; null or absent: there is none. */
  readonly jobKey?: JobKey | null
  /** The secrets of this stage; absent: those that its job brings. */
  readonly secrets?: StageSecrets
  /** Finds them in what is handed on. */
  readonly masks?: MaskRules
  /** A read-only view of the host's tools, for `exec` stages; brought up to date when asked for. */
  readonly hostRoot: () => Promise<HostRootView>
  readonly ids: IdSource
  readonly trash: Trash
  readonly writable: WritableLayers
  readonly workspace: Workspace
  readonly disk: DiskGuard
  readonly limits: StepLimits
  readonly network: NetworkConfig
  readonly registries: Registries
  /** Directory in which each stage gets its own. */
  readonly stagesDir: string
  /** Name of the machine, for DRONE_STAGE_MACHINE. */
  readonly machine: string
  /** Stages of other platforms are refused; absent: the queue brings none. */
  readonly platform?: { readonly os: string; readonly arch: string }
}

/** Host tools as a root: one lower directory, what is mounted on it, and the variables it needs. */
export interface HostRootView {
  readonly lower: string
  readonly binds: readonly BindMount[]
  /** PATH, HOME and the like. */
  readonly env: Readonly<Record<string, string>>
}
