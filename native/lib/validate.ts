import { checkProgram } from './check-program.js'
import { checkInside, checkPath, checkWhole } from './check-value.js'
import { specError } from './error.js'
import { RLIMIT_NUMBERS } from './rlimit-numbers.js'
import type {
  BindMount,
  CgroupLimits,
  OverlaySpec,
  SandboxSpec,
  StageSpec,
  ToolSpec,
  WritableLayer,
} from './types.js'

const NAME = /^[a-z0-9-]{1,64}$/
const OUTPUT_FILE = /^\/run\/sandpiper\/[a-z0-9-]{1,64}$/
/** sethostname(2). */
const HOSTNAME_BYTES_MAX = 64
/** OVL_MAX_STACK of the kernel. */
const LOWERS_MAX = 500
const IDS_MAX = 2 ** 32 - 1
/** Less would be no limit: tmpfs rounds to pages, and 0 means none. */
const PAGE_BYTES = 4096
const TMPFS_BYTES_MAX = 2 ** 50

/**
 * Refuses a stage that can't be made.
 * @throws NativeError SP_NATIVE_SPEC, saying which value is wrong.
 */
export function checkStage(spec: StageSpec): void {
  checkWhole('ids.start', spec.ids.start, 1, IDS_MAX)
  checkWhole('ids.count', spec.ids.count, 1, IDS_MAX - spec.ids.start)
  if (spec.workspace) checkOverlay('workspace', spec.workspace)
  spec.volumes?.forEach(({ name, sizeBytes }) => {
    checkVolumeName(name)
    checkTmpfsBytes(`volume ${name}`, sizeBytes)
  })
  const names = spec.volumes?.map(({ name }) => name) ?? []
  const double = names.find((name, index) => names.indexOf(name) < index)
  if (double !== undefined) throw specError(`two volumes are called ${double}`)
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
  spec.volumes?.forEach(({ name, target }) => {
    checkVolumeName(name)
    checkInside('volume target', target)
  })
  spec.tmpfs?.forEach(({ target, sizeBytes }) => {
    checkInside('tmpfs target', target)
    checkTmpfsBytes(`tmpfs ${target}`, sizeBytes)
  })
  if (spec.outputFile !== undefined && !OUTPUT_FILE.test(spec.outputFile)) {
    throw specError(`outputFile "${spec.outputFile}" is not ${OUTPUT_FILE.source}`)
  }
  if (typeof spec.network === 'object') checkNetworkName(spec.network.name)
  checkProgram(spec)
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
  if (spec.shmBytes !== undefined)
    checkWhole('shmBytes', spec.shmBytes, PAGE_BYTES, TMPFS_BYTES_MAX)
}

function checkVolumeName(name: string): void {
  if (!NAME.test(name)) throw specError(`volume name "${name}" is not ${NAME.source}`)
}

function checkTmpfsBytes(what: string, bytes: number): void {
  checkWhole(`${what} sizeBytes`, bytes, PAGE_BYTES, TMPFS_BYTES_MAX)
}

/** @throws NativeError SP_NATIVE_SPEC */
export function checkNetworkName(name: string): void {
  if (!NAME.test(name)) throw specError(`network name "${name}" is not ${NAME.source}`)
}

/**
 * Refuses a program for a stage that can't be run.
 * @throws NativeError SP_NATIVE_SPEC
 */
export function checkTool({ argv, input = '', networks, runsIn }: ToolSpec): void {
  const [program = ''] = argv
  if (program === '') throw specError('a tool has no program')
  const texts = [...argv, input]
  if (texts.some((text) => text.includes('\0'))) throw specError(`${program}: NUL in a value`)
  for (const name of networks) if (name !== '') checkNetworkName(name)
  if (runsIn === 'network' && networks.length === 0) {
    throw specError(`${program} is to run in a network and has none`)
  }
}

function checkBind(bind: BindMount): void {
  checkPath('bind source', bind.source)
  checkInside('bind target', bind.target)
}

/** @throws NativeError SP_NATIVE_SPEC */
export function checkOverlay(what: string, overlay: OverlaySpec): void {
  const count = overlay.lowers.length
  if (count < 1 || count > LOWERS_MAX) {
    throw specError(`${what} must have 1 to ${LOWERS_MAX} lower layers, not ${count}`)
  }
  for (const lower of overlay.lowers) {
    checkPath(`${what} layer`, lower.path)
    checkWhole(`${what} layer owner`, lower.owner ?? 0, 0, IDS_MAX)
  }
  checkWritable(what, overlay.writable)
}

function checkWritable(what: string, layer: WritableLayer): void {
  if (layer.mode !== undefined) checkWhole(`${what} mode`, layer.mode, 0, 0o1777)
  switch (layer.kind) {
    case 'directory':
      checkPath(`${what} writable layer`, layer.path)
      break
    case 'memory':
      checkTmpfsBytes(`${what} writable layer`, layer.sizeBytes)
      break
    case 'image':
      checkPath(`${what} image`, layer.pattern)
      checkPath(`${what} image directory`, layer.directory)
  }
}

function checkLimits(limits: CgroupLimits): void {
  if (limits.memoryBytes !== undefined) checkWhole('memoryBytes', limits.memoryBytes, 4096, 2 ** 53)
  if (limits.pids !== undefined) checkWhole('pids', limits.pids, 2, 2 ** 22)
  if (limits.cpuWeight !== undefined) checkWhole('cpuWeight', limits.cpuWeight, 1, 10_000)
  if (limits.cpus !== undefined && !(limits.cpus > 0 && limits.cpus <= 8192)) {
    throw specError(`cpus must be above 0 and at most 8192, not ${limits.cpus}`)
  }
}

function checkRlimitValue(what: string, value: number): void {
  if (value !== Infinity) checkWhole(what, value, 0, Number.MAX_SAFE_INTEGER)
}
