import { readDefaultProfile, type ProfileRule } from '../../../../native/lib/seccomp/profile.js'
import { KEPT_CAPABILITIES } from '../../../../native/lib/seccomp/compile.js'
import { rulesFor } from '../../../../native/lib/seccomp/policy.js'

const MASKED = [
  ...['acpi', 'asound', 'interrupts', 'kallsyms', 'kcore', 'keys', 'latency_stats'],
  ...['sched_debug', 'scsi', 'timer_list', 'timer_stats'],
].map((name) => `/proc/${name}`)
const READ_ONLY = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`)

/** What a bundle is to run. */
export interface Bundle {
  readonly root: string
  readonly argv: readonly string[]
  /** Host ids of the sandbox. */
  readonly ids: { readonly start: number; readonly count: number }
  /** Absolute, as below the mount of each cgroup hierarchy. */
  readonly cgroup: string
}

/**
 * An OCI configuration as strict as our own sandboxes: namespaces with a user namespace, cgroup limits on
 * cpu, memory and pids, the same system call filter, capabilities, masked and read-only paths.
 */
export async function strictConfig({ root, argv, ids, cgroup }: Bundle): Promise<object> {
  const capabilities = [...KEPT_CAPABILITIES]
  const mappings = [{ containerID: 0, hostID: ids.start, size: ids.count }]
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: argv,
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    hostname: 'bench',
    mounts: MOUNTS,
    linux: {
      uidMappings: mappings,
      gidMappings: mappings,
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type })),
      cgroupsPath: cgroup,
      resources: RESOURCES,
      seccomp: await seccompConfig(),
      maskedPaths: [...MASKED, '/sys/devices/virtual/powercap', '/sys/firmware'],
      readonlyPaths: READ_ONLY,
    },
  }
}

const MOUNTS = [
  mount('/proc', 'proc', []),
  mount('/dev', 'tmpfs', ['nosuid', 'mode=755', 'size=65536k']),
  mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666']),
  mount('/dev/shm', 'tmpfs', ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']),
  mount('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
]

function mount(destination: string, type: string, options: readonly string[]): object {
  return { destination, type, source: type, options }
}

const RESOURCES = {
  devices: [{ allow: false, access: 'rwm' }],
  memory: { limit: 256 * 1024 ** 2 },
  cpu: { quota: 100_000, period: 100_000 },
  pids: { limit: 256 },
}

/** Our own profile, for the one architecture that ours is compiled for too. */
async function seccompConfig(): Promise<object> {
  const profile = await readDefaultProfile()
  const rules = rulesFor(profile, { arch: process.arch, capabilities: KEPT_CAPABILITIES })
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64'],
    syscalls: rules.map(ociRule),
  }
}

function ociRule({ names, action, errnoRet, args }: ProfileRule): object {
  return { names, action, errnoRet, args }
}
