import { constants } from 'node:fs'
import { access, readFile, stat } from 'node:fs/promises'
import { isInHostUserNamespace, namespaceStageIds } from '../../native/lib/user-namespace.js'
import { findSubIds, IDS_WANTED } from '../rootless/sub-ids.js'
import { lacking, missing, present, type CheckResult } from './check.js'

/** Who runs the check. */
export interface RightsOf {
  readonly user: { readonly name: string; readonly uid: number }
  /** Why the user could not be made root of a namespace; null: he is, or root anyway. */
  readonly lack: string | null
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Root, or what an ordinary user has of the rights that take its place, each with how to get it. */
export async function checkRights(of: RightsOf): Promise<CheckResult[]> {
  const { user } = of
  if (user.uid === 0 && of.lack === null) return [checkRoot()]
  const checks = [
    present('user', `${user.name} (${user.uid}), without root`),
    await checkSubIds(user),
    await checkMapper('newuidmap', of),
    await checkMapper('newgidmap', of),
    await checkSetuidAllowed(),
    ...(await checkSysctls()),
    ...(await checkDevices()),
  ]
  return [...checks, checkEntered(of, checks)]
}

function checkRoot(): CheckResult {
  if (isInHostUserNamespace()) return present('root', 'running as root')
  const ids = namespaceStageIds()
  if (ids !== null)
    return present('root', `root of a user namespace with ${ids.count} ids for stages`)
  const hint =
    'give the container a range of ids, or run as an ordinary user who has subordinate ids'
  return missing('root', 'root of a user namespace that has no other ids', hint)
}

async function checkSubIds(user: RightsOf['user']): Promise<CheckResult> {
  const name = 'subordinate ids'
  const ids = await findSubIds(user)
  const add = `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${user.name} (any ${IDS_WANTED} ids that nobody has)`
  if (ids === null) {
    const detail = `none for ${user.name} in /etc/subuid and /etc/subgid: root of a step could be nobody but the user`
    return missing(name, detail, add)
  }
  const range = `${ids.count} from ${ids.uids.start} (users) and ${ids.gids.start} (groups) on`
  if (ids.count === IDS_WANTED) return present(name, range)
  const detail = `${range}; images with files of id ${ids.count} or more, such as nobody’s (65534), can’t be imported`
  return lacking(name, detail, add)
}

/** The programs that may write the maps of ids: set-user-ID root, or with file capabilities instead. */
async function checkMapper(name: string, { env }: RightsOf): Promise<CheckResult> {
  const file = await findProgram(name, env['PATH'] ?? '')
  if (file === null) return missing(name, 'not on the PATH', 'sudo apt-get install uidmap')
  const { mode, uid } = await stat(file)
  if ((mode & 0o4000) !== 0) return present(name, `${file}, set-user-ID`)
  // Inside the namespace the host's root is nobody; capabilities can't be seen without getcap.
  const detail = `${file} of user id ${uid} is not set-user-ID; it works only if it has the capability instead`
  return lacking(
    name,
    detail,
    `sudo chmod u+s ${file}, or: sudo apt-get install --reinstall uidmap`,
  )
}

async function findProgram(name: string, path: string): Promise<string | null> {
  for (const directory of path.split(':').filter(Boolean)) {
    const file = `${directory}/${name}`
    if (await can(file, constants.X_OK)) return file
  }
  return null
}

/** PR_SET_NO_NEW_PRIVS(2const) keeps newuidmap from being root. */
async function checkSetuidAllowed(): Promise<CheckResult> {
  const name = 'set-user-ID programs'
  const status = await readFile('/proc/self/status', 'utf8')
  if (!/^NoNewPrivs:\s*1$/m.test(status)) return present(name, 'count')
  const hint = 'start it outside of the sandbox or unit that sets NoNewPrivileges'
  return missing(name, 'have no rights here (no_new_privs), newuidmap neither', hint)
}

/** Switches of distributions and of the administrator; one that is not there forbids nothing. */
async function checkSysctls(): Promise<CheckResult[]> {
  const clone = await readSysctl('kernel/unprivileged_userns_clone')
  const apparmor = await readSysctl('kernel/apparmor_restrict_unprivileged_userns')
  const allowed = 'user namespaces of ordinary users'
  if (clone === '0') {
    const detail = 'kernel.unprivileged_userns_clone is 0'
    return [missing(allowed, detail, 'sudo sysctl -w kernel.unprivileged_userns_clone=1')]
  }
  if (apparmor !== null && apparmor !== '0') {
    const detail = `kernel.apparmor_restrict_unprivileged_userns is ${apparmor}: they have no rights inside without an AppArmor profile`
    const hint =
      'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or a profile with `userns` for node'
    return [lacking(allowed, detail, hint)]
  }
  return [present(allowed, 'nothing forbids them')]
}

async function readSysctl(name: string): Promise<string | null> {
  return readFile(`/proc/sys/${name}`, 'utf8').then(
    (text) => text.trim(),
    () => null,
  )
}

/** The host's devices that are shown to steps. */
async function checkDevices(): Promise<CheckResult[]> {
  const names = ['null', 'zero', 'full', 'random', 'urandom']
  const absent: string[] = []
  for (const name of names) {
    if (!(await can(`/dev/${name}`, constants.R_OK | constants.W_OK))) absent.push(name)
  }
  if (absent.length === 0) return [present('devices', names.join(' '))]
  const detail = `can't open ${absent.map((name) => `/dev/${name}`).join(', ')}`
  return [
    missing('devices', detail, 'sudo chmod 0666 them; a container has to have them in its /dev'),
  ]
}

/** What became of it all. */
function checkEntered({ lack }: RightsOf, before: readonly CheckResult[]): CheckResult {
  const name = 'root of a namespace'
  if (lack === null) return present(name, 'with those ids')
  const isExplained = before.some(({ ok, required }) => !ok && required)
  const hint = isExplained
    ? 'mend what is said above'
    : 'the message says what was refused, and by whom'
  return missing(name, lack, hint)
}

async function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  )
}
