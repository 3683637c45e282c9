import { specError } from './error.js'
import { RLIMIT_NUMBERS } from './rlimit-numbers.js'
import type { BindMount, CgroupLimits, OverlaySpec, SandboxSpec, StageSpec } from './types.js'

const NAME = /^[a-z0-9-]{1,64}$/
/** sethostname(2). */
const HOSTNAME_BYTES_MAX = 64
/** PATH_MAX without its NUL. */
const PATH_BYTES_MAX = 4095
/** OVL_MAX_STACK of the kernel. */
const LOWERS_MAX = 500
const IDS_MAX = 2 ** 32 - 1

/**
 * Refuses a stage that can't be made.
 * @throws NativeError SP_NATIVE_SPEC, saying which value is wrong.
 */
export function checkStage(spec: StageSpec): void {
  checkWhole('ids.start', spec.ids.start, 1, IDS_MAX)
  checkWhole('ids.count', spec.ids.count, 1, IDS_MAX - spec.ids.start)
  if (spec.workspace) checkOverlay('workspace', spec.workspace)
}

/**
 * Refuses a sandbox that can't be made.
 * @throws NativeError SP_NATIVE_SPEC, saying which value is wrong.
 */
export function checkSandbox(spec: SandboxSpec): void {
  if (!NAME.test(spec.name)) throw specError(`name "${spec.name}" is not ${NAME.source}`)
  checkOverlay('root', spec.root)
  if (spec.workspaceTarget !== undefined) checkInside('workspaceTarget', spec.workspaceTarget)
  spec.binds.forEach(checkBind)
  checkProgram(spec)
  checkInside('cwd', spec.cwd, { root: true })
  const hostnameBytes = Buffer.byteLength(spec.hostname)
  if (hostnameBytes < 1 || hostnameBytes > HOSTNAME_BYTES_MAX || spec.hostname.includes('\0')) {
    throw specError(`hostname must have 1 to ${HOSTNAME_BYTES_MAX} bytes, not ${hostnameBytes}`)
  }
  checkLimits(spec.limits)
  spec.rlimits?.forEach((limit) => {
    if (!(limit.name in RLIMIT_NUMBERS))
      throw specError(`no resource limit is called ${limit.name}`)
    checkRlimitValue(`${limit.name} soft limit`, limit.soft)
    checkRlimitValue(`${limit.name} hard limit`, limit.hard)
    if (limit.soft > limit.hard) throw specError(`${limit.name}: soft limit above the hard one`)
  })
  if (spec.shmBytes !== undefined) checkWhole('shmBytes', spec.shmBytes, 4096, 2 ** 50)
}

function checkProgram(spec: SandboxSpec): void {
  const [program] = spec.argv
  if (program === undefined) throw specError('argv is empty')
  checkInside('argv[0]', program)
  spec.argv.forEach((argument, index) => checkText(`argv[${index}]`, argument))
  for (const [name, value] of Object.entries(spec.env)) {
    checkText(`environment variable ${JSON.stringify(name)}`, name + value)
    if (name === '' || name.includes('=')) {
      throw specError(`environment variable name ${JSON.stringify(name)} is empty or has a "="`)
    }
  }
}

function checkBind(bind: BindMount): void {
  checkPath('bind source', bind.source)
  checkInside('bind target', bind.target)
}

function checkOverlay(what: string, overlay: OverlaySpec): void {
  const count = overlay.lowers.length
  if (count < 1 || count > LOWERS_MAX) {
    throw specError(`${what} must have 1 to ${LOWERS_MAX} lower layers, not ${count}`)
  }
  for (const lower of overlay.lowers) {
    checkPath(`${what} layer`, lower.path)
    checkWhole(`${what} layer owner`, lower.owner ?? 0, 0, IDS_MAX)
  }
  checkPath(`${what} upper`, overlay.upper)
  checkPath(`${what} work`, overlay.work)
}

function checkLimits(limits: CgroupLimits): void {
  if (limits.memoryBytes !== undefined) checkWhole('memoryBytes', limits.memoryBytes, 4096, 2 ** 53)
  if (limits.pids !== undefined) checkWhole('pids', limits.pids, 2, 2 ** 22)
  if (limits.cpus !== undefined && !(limits.cpus > 0 && limits.cpus <= 8192)) {
    throw specError(`cpus must be above 0 and at most 8192, not ${limits.cpus}`)
  }
}

/** An absolute path inside the sandbox, below its root, without `.` and `..`. */
function checkInside(what: string, path: string, allow: { root?: boolean } = {}): void {
  checkPath(what, path)
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.some((part) => part === '.' || part === '..')) {
    throw specError(`${what} ${JSON.stringify(path)} has a "." or ".." in it`)
  }
  if (parts.length === 0 && allow.root !== true) throw specError(`${what} must not be "/"`)
}

function checkPath(what: string, path: string): void {
  checkText(what, path)
  if (!path.startsWith('/')) throw specError(`${what} ${JSON.stringify(path)} is not absolute`)
  const bytes = Buffer.byteLength(path)
  if (bytes > PATH_BYTES_MAX)
    throw specError(`${what} is ${bytes} bytes long, over ${PATH_BYTES_MAX}`)
}

function checkText(what: string, text: string): void {
  if (text.includes('\0')) throw specError(`${what} has a NUL character in it`)
}

function checkWhole(what: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw specError(`${what} must be a whole number from ${min} to ${max}, not ${value}`)
  }
}

function checkRlimitValue(what: string, value: number): void {
  if (value !== Infinity) checkWhole(what, value, 0, Number.MAX_SAFE_INTEGER)
}
