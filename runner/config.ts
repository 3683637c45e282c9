import type { Launcher } from '../native/lib/types.js'
import type { RunnerLog } from './log.js'
import type { RegistriesConfig } from './registry/types.js'
import type { NetworkConfig } from './network/stage-network.js'

/** Limits that cgroup controllers keep. */
export type CgroupLimit = 'memory' | 'pids' | 'cpu'

/** Limits of a step, and how it is ended. */
export interface StepLimits {
  readonly memoryBytes: number
  readonly pids: number
  /** Bytes of the writable layer. */
  readonly diskBytes: number
  /** Somebody asked for that: it is watched where nothing bounds the layer. */
  readonly watchDisk?: true
  /** Bytes that the steps of a stage may write to its workspace together. */
  readonly workspaceBytes: number
  /** CPUs' worth of time, e.g. 1.5; absent: no limit. */
  readonly cpus?: number
  /** Share of the CPUs while others want them too; absent: 100, which is everybody's. */
  readonly cpuWeight?: number
  /** Files that each process of a step may have open (RLIMIT_NOFILE's hard limit). */
  readonly openFiles: number
  /** What a step may ask for at most; absent: no more than it has without asking. */
  readonly memoryBytesMax?: number
  readonly pidsMax?: number
  readonly cpusMax?: number
  readonly cpuWeightMax?: number
  readonly diskBytesMax?: number
  readonly openFilesMax?: number
  readonly outputBytesMax?: number
  readonly stepTimeoutMsMax?: number
  /** Wall time of one step; absent: only the stage's own limit counts. */
  readonly stepTimeoutMs?: number
  /** Bytes a step may print. */
  readonly outputBytes: number
  /** Lines a step may print. */
  readonly outputLines: number
  /** Between asking a step to end (SIGTERM) and ending it (SIGKILL). */
  readonly graceMs: number
  /** What nothing on this host keeps: it counts for no step, and one that asks for it is refused. */
  readonly unkept?: readonly CgroupLimit[]
}

export const DEFAULT_LIMITS: StepLimits = {
  memoryBytes: 2 * 1024 ** 3,
  pids: 1024,
  diskBytes: 10 * 1024 ** 3,
  workspaceBytes: 50 * 1024 ** 3,
  openFiles: 65_536,
  outputBytes: 64 * 1024 ** 2,
  outputLines: 1_000_000,
  graceMs: 10_000,
}

/** What a runner and a local executor have in common. */
export interface HostConfig {
  /** Everything the runner keeps is below this directory; one runner at a time uses it. */
  readonly dataDir: string
  /** Layer store; default `DATA/layers`. */
  readonly layersDir?: string
  /** Bytes that its layers may have together; default: a quarter of the disk. */
  readonly layersBytesMax?: number
  /** How images are pulled and pushed; default: from where they say, as nobody. */
  readonly registries?: RegistriesConfig
  /** Lock files of host id ranges; the same for all runners of a host. */
  readonly idsDir?: string
  readonly limits?: Partial<StepLimits>
  /** Bytes of the data directory's file system that are to stay free; 0: none. Default as `readDiskSpace`. */
  readonly diskReserveBytes?: number
  /** What steps reach outside; default: everything but the host itself. */
  readonly network?: NetworkConfig
  /** Name of the machine, as people see it. */
  readonly machine?: string
  readonly log?: RunnerLog
  /** What makes the sandboxes; default: the launcher of native/. Benchmarks compare with others. */
  readonly openLauncher?: () => Promise<Launcher>
}

export interface RunnerConfig extends HostConfig {
  /** `redis://`, `rediss://` or the path of a unix socket. */
  readonly redisUrl: string
  readonly redisPrefix: string
  /** Stages at once; default 2. */
  readonly capacity?: number
  readonly platform: { readonly os: string; readonly arch: string }
  /** Takes stages that ask for these labels, and for no others. Default none. */
  readonly labels?: Readonly<Record<string, string>>
  readonly machine: string
  /** Version of Sandpiper, as people see it; absent: it tells none. */
  readonly version?: string
  /** Opens the secrets of jobs, shared with servers; default: what is in `DATA/runner.key`, if that is there. */
  readonly runnerSecret?: string
  /** Git mirrors; default `DATA/mirrors`; in standalone the server's. */
  readonly mirrorsDir?: string
  /** More variables for git (`MirrorsOptions.environment`). */
  readonly gitEnvironment?: Readonly<Record<string, string>>
  /** Where submodules may come from beside the repo's own host; `*` is anywhere. Default none. */
  readonly submoduleHosts?: readonly string[]
  /** Default 5,000. */
  readonly heartbeatMs?: number
  /** When closing: how long to wait for acknowledgements before leaving them to a successor. */
  readonly closeTimeoutMs?: number
}

/** The defaults with what the configuration says instead. */
export function limitsOf(config: Pick<HostConfig, 'limits'>): StepLimits {
  const watch = config.limits?.diskBytes === undefined ? {} : { watchDisk: true as const }
  return { ...DEFAULT_LIMITS, ...config.limits, ...watch }
}
