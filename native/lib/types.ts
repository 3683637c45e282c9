import type { Readable } from 'node:stream'
import type { NativeError } from './error.js'

/** `inside` ids from `insideStart` on are `outside` ids from `outsideStart` on, `count` of them. */
export interface IdMapEntry {
  readonly insideStart: number
  readonly outsideStart: number
  readonly count: number
}

/** What a stage's sandboxes share: a user namespace, a network namespace, and the workspace mount. */
export interface StageSpec {
  /** Host ids that ids 0..count-1 inside stand for; no other stage running now may have them. */
  readonly ids: { readonly start: number; readonly count: number }
  /** Made once for the stage and mounted into every sandbox that names it; thrown away with the stage. */
  readonly workspace?: OverlaySpec
  /**
   * Directories in memory that sandboxes may share, empty and writable for everybody at first. They
   * live as long as the stage; what is in them counts to the memory of the sandbox that wrote it.
   */
  readonly volumes?: readonly { readonly name: string; readonly sizeBytes: number }[]
}

/** A stack of read-only directories with one writable directory on top. */
export interface OverlaySpec {
  /**
   * Lower layers, topmost first, at least one. Their files are owned on disk by ids 0..count-1, which
   * an id-mapped mount shows as the stage's ids. `owner` (default 0) is the host user id that is to be
   * seen as id 0 inside instead, for trees that belong to an ordinary user.
   */
  readonly lowers: readonly { readonly path: string; readonly owner?: number }[]
  readonly writable: WritableLayer
}

/** Where what is written to an overlay goes. Each is for one overlay, once. */
export type WritableLayer = {
  /** Permission bits of the overlay's root; default 0o755. */
  readonly mode?: number
} & (
  | {
      /** An empty directory of the host, which the caller removes. Nothing bounds what goes into it. */
      readonly kind: 'directory'
      readonly path: string
    }
  | {
      /** In memory, on the account of the sandbox that writes; gone with the overlay. */
      readonly kind: 'memory'
      readonly sizeBytes: number
    }
  | {
      /**
       * An ext4 file system of its own on a loop device, in a file without a name: gone with the overlay,
       * and with the launcher however it ends.
       */
      readonly kind: 'image'
      /** A file with an empty file system of the wanted size, mostly holes; a copy of it is used. */
      readonly pattern: string
      /** A directory on the file system that is to hold the copy. */
      readonly directory: string
    }
)

/** A layer that is a file system of its own. */
export type ImageLayer = Extract<WritableLayer, { kind: 'image' }>

/** What a bounded writable layer held when its sandbox ended. */
export interface LayerUse {
  readonly bytes: number
  readonly bytesMax: number
  /** Files and directories. */
  readonly files: number
  readonly filesMax: number
}

/** The same at the end of a sandbox. */
export interface LayerEnd extends LayerUse {
  /**
   * Something that was written to it could not be put on the host's disk, which was full, so that it may
   * be read as zeros since.
   */
  readonly hasLostWrites: boolean
}

/** A host file or directory shown inside. The target is made when it is not there. */
export interface BindMount {
  readonly source: string
  /** Absolute path inside; never followed out of the root, whatever links the image has. */
  readonly target: string
  readonly readOnly: boolean
  /** Show host id 0 as the stage's id 0 (needs a file system that can do it); default false. */
  readonly idMapped?: boolean
}

export interface RlimitSpec {
  /** Name without prefix, e.g. `NOFILE`. */
  readonly name: string
  readonly soft: number
  readonly hard: number
}

/** Limits on the sandbox's cgroup; absent means none. */
export interface CgroupLimits {
  readonly memoryBytes?: number
  /** CPUs' worth of time, e.g. 1.5. */
  readonly cpus?: number
  /**
   * Share of the CPUs while others want them too, from 1 to 10,000: who has 200 gets twice of what who has
   * 100 gets, which is what every sandbox has by default.
   */
  readonly cpuWeight?: number
  readonly pids?: number
}

/**
 * What a sandbox has used by one moment. What nothing on this host can tell is undefined. Counts only
 * grow; they are of all its processes, those that have ended too.
 */
export interface UsageSample {
  /** Since the program started, in milliseconds. */
  readonly atMs: number
  /** CPU time, user and system together. */
  readonly cpuMs?: number | undefined
  /** Time for which its CPU limit kept it waiting, added up over the CPUs. */
  readonly throttledMs?: number | undefined
  /** Page cache counts. */
  readonly memoryBytes?: number | undefined
  readonly memoryPeakBytes?: number | undefined
  /** Processes and threads. */
  readonly pids?: number | undefined
  /**
   * What went to and came from disks: not what the page cache answered, but what it is to write. With
   * cgroups of version 1 it is of the processes that live and those that were waited for.
   */
  readonly ioReadBytes?: number | undefined
  readonly ioWriteBytes?: number | undefined
  /** What its writable layer holds, when that is a bounded one. */
  readonly layerBytes?: number | undefined
  /** The same of the writable layer of its stage's workspace, whoever wrote to it. */
  readonly workspaceBytes?: number | undefined
  /**
   * Through the interfaces of its network namespace that count (`usageInterfaces`) since it started.
   * Sandboxes that share the namespace of their stage share its counts.
   */
  readonly networkRxBytes?: number | undefined
  readonly networkTxBytes?: number | undefined
}

export interface SandboxSpec {
  /** Name for messages: `[a-z0-9-]{1,64}`. */
  readonly name: string
  readonly root: OverlaySpec
  /** Absolute path at which the stage's workspace is mounted; absent: not mounted. */
  readonly workspaceTarget?: string
  readonly binds: readonly BindMount[]
  /** Program and arguments; the program is an absolute path inside. */
  readonly argv: readonly string[]
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /**
   * Absolute directory inside to start in; made when it is not there, as root's. It is entered before
   * the program becomes its user, who need not be able to enter it; and after, should root not be able.
   */
  readonly cwd: string
  readonly hostname: string
  readonly limits: CgroupLimits
  readonly rlimits?: readonly RlimitSpec[]
  /** Bytes of /dev/shm; default 64 MiB. */
  readonly shmBytes?: number
  /**
   * `none`: a network namespace of its own with loopback only; a name: the stage's that `addNetwork`
   * made; default: the one that the stage began with.
   */
  readonly network?: 'none' | { readonly name: string }
  /**
   * Who the program runs as, by ids inside; default root. It gets no capabilities when it is not root.
   * An id that the stage does not have is an `EINVAL`. `groups` are the supplementary ones; default none.
   */
  readonly user?: {
    readonly uid: number
    readonly gid: number
    readonly groups?: readonly number[]
  }
  /**
   * Volumes of the stage. Workspace, volumes, directories among the binds, and `tmpfs` are mounted by the
   * depth of their targets, in this order where that is the same, so that none hides another that lies in
   * it; then the files among the binds, those in /run/sandpiper in a file system of their own. A target
   * in or around /proc, /sys, /dev (but /dev/shm) or /run/sandpiper, by whatever links, is an `EINVAL`; a
   * tmpfs may be around the last.
   */
  readonly volumes?: readonly {
    readonly name: string
    readonly target: string
    readonly readOnly: boolean
  }[]
  /**
   * Directories in memory of the sandbox alone, empty and writable for everybody. They count to its
   * memory.
   */
  readonly tmpfs?: readonly { readonly target: string; readonly sizeBytes: number }[]
  /**
   * Path of a file that the program, whoever it runs as, can write to and whose content its end tells:
   * `/run/sandpiper/NAME`, with a name of `[a-z0-9-]{1,64}`. It is there from the beginning, empty and
   * root's, in a file system in memory with room for 1 MiB: more is an `ENOSPC` for who writes. Nothing
   * takes its place.
   */
  readonly outputFile?: string
  /** Whether standard error is a stream of its own; default not, so that all is in the order in which it was written. */
  readonly separateErrors?: boolean
  /**
   * Called about every second while it runs with what it has used so far, and not any more when `exit` has
   * resolved. A sample is left out when the event loop is too busy to take it.
   */
  readonly onUsage?: (sample: UsageSample) => void
  /**
   * The interfaces in its network namespace whose bytes count as its network usage; default all but
   * loopback, by which what is forwarded between two of them counts twice.
   */
  readonly usageInterfaces?: readonly string[]
}

/** A further program in a running sandbox. */
export interface ExecSpec {
  /** Program and arguments; the program is an absolute path inside. */
  readonly argv: readonly string[]
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute directory inside to start in, which must be there. */
  readonly cwd: string
  /** As for a sandbox, whose user does not matter here: default root. */
  readonly user?: SandboxSpec['user']
  /**
   * Kills the program when it aborts, also while it is being started: `exec` rejects at once then, with
   * `SP_NATIVE_ABORTED`, and `exit` resolves at once when it ran already.
   */
  readonly signal?: AbortSignal
}

/** A program that `Sandbox.exec` started. */
export interface SandboxProcess {
  /** Standard output and error in one stream. */
  readonly output: Readable
  /**
   * Resolves when it has ended; also when the sandbox ends before it does, with SIGKILL. Rejects only
   * when the launcher itself ends before (`SP_NATIVE_LAUNCHER_GONE`).
   */
  readonly exit: Promise<{ readonly code: number | null; readonly signal: number | null }>
  /** SIGKILL to it. What it started lives on and ends with the sandbox. */
  kill(): void
}

/**
 * A program of the host's that works for a stage, such as what connects it to the outside. It sees the
 * host's files, and has the rights of the stage's root and no others. It ends with the stage and with the
 * launcher, and so does whatever it starts.
 */
export interface ToolSpec {
  /** Program and arguments. A program without a slash is looked for where the host's are. */
  readonly argv: readonly string[]
  /** Its standard input; default none. */
  readonly input?: string
  /** Networks of the stage that it has as descriptors, from 3 on; the empty name is that of the first. */
  readonly networks: readonly string[]
  /** Whether it runs in the first of `networks` or in the host's network. */
  readonly runsIn: 'network' | 'host'
  /** Those that the host can keep; without any it counts to the runner itself. */
  readonly limits?: CgroupLimits
}

/** How a sandbox ended. */
export interface SandboxExit {
  /** Exit code of the first process, or null when a signal ended it. */
  readonly code: number | null
  /** Signal number that ended it, or null. */
  readonly signal: number | null
  /** Times a process was killed for memory in this cgroup. */
  readonly oomKills: number
  /** Times a fork was refused by the pids limit. */
  readonly pidsRefused: number
  /** Most processes and threads that it had at a time; undefined before Linux 6.1. */
  readonly pidsPeak?: number | undefined
  readonly cpuMs: number
  readonly memoryPeakBytes: number
  readonly wallMs: number
  /** Null for a layer that nothing bounds, and when the program never ran. */
  readonly layer: LayerEnd | null
  /** The same for the writable layer of the stage's workspace, whoever wrote to it. */
  readonly workspaceLayer: LayerEnd | null
  /**
   * What is in the `outputFile`, of more than 64 KiB the first 64 KiB and one byte; null when none was asked
   * for, and the failed call when it can't be read.
   */
  readonly outputFile: Buffer | NativeError | null
  /** As in a sample, each undefined where nothing tells; the network's also without `onUsage`. */
  readonly throttledMs?: number | undefined
  /** Of the periods of 100 ms in which it wanted the CPU, those in which its CPU limit stopped it. */
  readonly throttledShare?: number | undefined
  readonly ioReadBytes?: number
  readonly ioWriteBytes?: number
  readonly networkRxBytes?: number | undefined
  readonly networkTxBytes?: number | undefined
}

/** A running sandbox. */
export interface Sandbox {
  readonly name: string
  /** Host process id of the sandbox's init, for messages only: never signal it by number. */
  readonly pid: number
  /**
   * Standard output, and standard error too unless that is apart: in one stream, in the order in which they were
   * written. Ends when no process holds it any more.
   */
  readonly output: Readable
  /** Standard error where `separateErrors` asked for it, else null. Both have to be read: a full pipe stops who writes. */
  readonly errors: Readable | null
  /**
   * Resolves when every process of the sandbox is gone and its cgroup has been read. A writable
   * directory is the caller's to remove then; mounts and cgroup are removed right after, at the latest
   * when the stage is destroyed. Never rejects for what the step did, only when the launcher itself
   * ends before the sandbox (`SP_NATIVE_LAUNCHER_GONE`), which kills the sandbox.
   */
  readonly exit: Promise<SandboxExit>
  /** Asks every process inside to end (SIGTERM). */
  terminate(): void
  /** Ends every process inside at once (SIGKILL to the sandbox's init). */
  kill(): void
  /**
   * Runs a further program inside: same namespaces, root, cgroup, capabilities, resource limits and
   * seccomp filter. Resolves when it runs; at most 32 at once, else `EAGAIN`.
   * @throws NativeError `SP_NATIVE_ENDED` when the sandbox has ended, `SP_NATIVE_ABORTED` when the signal
   * aborted, else naming the call that failed
   */
  exec(spec: ExecSpec): Promise<SandboxProcess>
}

export interface Stage {
  /**
   * Keeps sandboxes ready, `count` at a time (default 1), for starts that are like `spec` in their root
   * (layers, and kind and size of the writable layer, which must not be a directory), network, `shmBytes`,
   * `outputFile` and kinds of limits; it starts fastest when the limits are the same. Nothing else of it matters. Each
   * is used once at most, and made anew when a start has had a few milliseconds for itself; what is left
   * ends with the stage. Resolves when they are ready. One that can't be made is given up: the start that
   * would have used it tells why.
   */
  prepare(spec: SandboxSpec, count?: number): Promise<void>
  /**
   * Starts a sandbox. Resolves when the program runs.
   * @throws NativeError naming the call that failed, e.g. `execve on /bin/sh: ENOENT`.
   */
  start(spec: SandboxSpec): Promise<Sandbox>
  /**
   * Mounts the workspace of a stage that was created without one.
   * @throws NativeError naming the call that failed; `EEXIST` when it has one.
   */
  mountWorkspace(overlay: OverlaySpec): Promise<void>
  /**
   * Makes a further network namespace, with loopback only, for sandboxes that name it.
   * @throws NativeError `EEXIST` when there is one of that name.
   */
  addNetwork(name: string): Promise<void>
  /**
   * Runs a program of the host's for the stage. Resolves when its process was made: a program that can't
   * be run, for which the output says why, ends with exit code 127.
   * @throws NativeError `ENOENT` for a network that the stage has not.
   */
  runTool(spec: ToolSpec): Promise<SandboxProcess>
  /**
   * Kills its tools, removes the namespaces and the workspace mount, and waits for what is left of the stage's sandboxes
   * to be removed. Every one must have ended, else `EBUSY`.
   */
  destroy(): Promise<void>
}

export interface LauncherOptions {
  /** Directory below each cgroup hierarchy under which ours are made, e.g. `sandpiper/r-1a2b`. */
  readonly cgroupParent: string
  /** The launcher program; default: the one that was built with the addon. */
  readonly launcherPath?: string
}

/** The process that makes sandboxes. One per runner. */
export interface Launcher {
  createStage(spec: StageSpec): Promise<Stage>
  /**
   * Keeps `count` file systems mounted for overlays whose writable layer is like `layer` (of the same
   * pattern and directory), as that takes long. Each is used once at most; what is left ends with the
   * launcher. Resolves when they are there. One that can't be made is given up: who needs it tells why.
   */
  keepLayers(layer: ImageLayer, count: number): Promise<void>
  /** Kills every sandbox, waits for them, ends the process. */
  close(): Promise<void>
  /** Host process id of the launcher, for messages. */
  readonly pid: number
  /** Resolves when the launcher process has ended, however it did. */
  readonly closed: Promise<void>
}
