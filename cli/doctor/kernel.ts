import { access, readFile } from 'node:fs/promises'
import { constants } from 'node:fs'
import { lacking, missing, present, type CheckResult } from './check.js'

const NAMESPACES = ['mnt', 'pid', 'ipc', 'uts', 'net', 'user', 'cgroup']

/** What can be read about the kernel without making anything. */
export function checkKernel(): Promise<CheckResult[]> {
  return Promise.all([
    checkRelease(),
    checkNamespaces(),
    checkUserNamespaceLimit(),
    checkOverlay(),
    checkSeccomp(),
    checkTun(),
  ])
}

/** Overlays over id-mapped lower layers came with Linux 5.19 (Documentation/filesystems/idmappings.rst). */
async function checkRelease(): Promise<CheckResult> {
  const release = (await readText('/proc/sys/kernel/osrelease')).trim()
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10))
  if (major > 5 || (major === 5 && minor >= 19)) return present('kernel', release)
  return missing(
    'kernel',
    `${release}; 5.19 or newer is needed`,
    'boot a newer kernel, such as Debian 12’s',
  )
}

async function checkNamespaces(): Promise<CheckResult> {
  const absent = []
  for (const name of NAMESPACES) if (!(await exists(`/proc/self/ns/${name}`))) absent.push(name)
  if (absent.length === 0) return present('namespaces', NAMESPACES.join(' '))
  return missing(
    'namespaces',
    `the kernel lacks: ${absent.join(' ')}`,
    'use a kernel with CONFIG_NAMESPACES and all of its kinds, such as any distribution’s',
  )
}

/** user_namespaces(7): 0 in max_user_namespaces forbids making one. */
async function checkUserNamespaceLimit(): Promise<CheckResult> {
  const limit = Number((await readText('/proc/sys/user/max_user_namespaces')).trim() || Number.NaN)
  if (limit > 0) return present('user namespaces', `at most ${limit}`)
  const detail = Number.isNaN(limit)
    ? 'user.max_user_namespaces is not there'
    : 'user.max_user_namespaces is 0'
  return missing('user namespaces', detail, 'sysctl -w user.max_user_namespaces=15000')
}

async function checkOverlay(): Promise<CheckResult> {
  const filesystems = await readText('/proc/filesystems')
  if (/^nodev\s+overlay$/m.test(filesystems)) return present('overlay', 'in the kernel')
  return missing('overlay', 'overlay is not in /proc/filesystems', 'modprobe overlay')
}

/** seccomp(2): actions_avail lists what filters may answer. */
async function checkSeccomp(): Promise<CheckResult> {
  const actions = (await readText('/proc/sys/kernel/seccomp/actions_avail')).trim()
  if (/\berrno\b/.test(actions)) return present('seccomp', actions)
  return missing('seccomp', 'no filters in this kernel', 'use a kernel with CONFIG_SECCOMP_FILTER')
}

async function checkTun(): Promise<CheckResult> {
  return describeTun(
    await access('/dev/net/tun', constants.R_OK | constants.W_OK).then(
      () => '',
      (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'unknown error',
    ),
  )
}

/** @param problem the errno's name that opening /dev/net/tun would give; empty for none */
export function describeTun(problem: string): CheckResult {
  if (problem === '') return present('tun', '/dev/net/tun')
  const wanted = 'steps reach nothing outside without it'
  if (problem === 'ENOENT')
    return lacking('tun', `/dev/net/tun is not there; ${wanted}`, 'modprobe tun')
  const detail = `/dev/net/tun is there, but can't be opened (${problem}); ${wanted}`
  return lacking('tun', detail, 'run as root, or chmod 0666 /dev/net/tun')
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
