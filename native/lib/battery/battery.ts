import { FILES } from './files.js'
import { KERNEL } from './kernel.js'
import { MOUNTS } from './mounts.js'
import { NEIGHBOURS } from './neighbours.js'
import { PROCESSES } from './processes.js'
import { PROC_AND_SYS } from './proc-and-sys.js'
import { RIGHTS } from './rights.js'
import type { Area } from './row.js'
import { SOCKETS } from './sockets.js'

/** What a sandbox is tried with. */
export const BATTERY: readonly Area[] = [
  ...[RIGHTS, MOUNTS, KERNEL, PROC_AND_SYS, FILES, SOCKETS],
  ...[PROCESSES, NEIGHBOURS],
]
