import type { SandboxSpec } from '../../native/lib/types.js'
import { SandpiperError } from '../../protocol/errors.js'
import { IDS_PER_STAGE } from '../ids.js'
import type { ImageFiles } from './image-files.js'

const FILE_BYTES_MAX = 1024 * 1024
/** NGROUPS_MAX is far more; nobody in an image is in so many. */
const GROUPS_MAX = 64

export interface StepUser {
  /** Absent: root. */
  readonly user?: NonNullable<SandboxSpec['user']>
  /** Home directory by /etc/passwd; absent where it has none for the user. */
  readonly home?: string
}

interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

interface Group {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

/**
 * Who `text` (`name`, `uid`, each with `:group`) is by the image's own /etc/passwd and /etc/group, as
 * Docker reads them: a bare uid needs no entry and has group 0 then; without a group in `text` the user
 * is in all groups that list it.
 * @throws SandpiperError SP_RUNNER_USER
 */
export async function resolveUser(text: string, files: ImageFiles): Promise<StepUser> {
  if (text === '' || text === '0' || text === 'root') return {}
  const [userText, groupText] = splitOnce(text)
  const account = await findAccount(userText, text, files)
  const groups = parseGroups((await files.read('/etc/group', FILE_BYTES_MAX)) ?? '')
  const gid = groupText === undefined ? account.gid : groupId(groupText, text, groups)
  const others = groupText === undefined ? groupsOf(account.name, groups, gid) : []
  if (account.uid === 0 && gid === 0 && others.length === 0) return homeOf(account)
  const user = { uid: account.uid, gid, ...(others.length > 0 ? { groups: others } : {}) }
  return { user, ...homeOf(account) }
}

function homeOf({ home }: Account): { readonly home?: string } {
  return home.startsWith('/') ? { home } : {}
}

async function findAccount(name: string, text: string, files: ImageFiles): Promise<Account> {
  const accounts = parseAccounts((await files.read('/etc/passwd', FILE_BYTES_MAX)) ?? '')
  const id = idOf(name, text)
  const found = accounts.find((account) => account.name === name || account.uid === id)
  if (found) return found
  if (id !== null) return { name: '', uid: id, gid: 0, home: '' }
  throw noUser(text, `there is no user ${JSON.stringify(name)} in the image's /etc/passwd`)
}

function groupId(name: string, text: string, groups: readonly Group[]): number {
  const id = idOf(name, text)
  const gid = id ?? groups.find((group) => group.name === name)?.gid
  if (gid !== undefined) return gid
  throw noUser(text, `there is no group ${JSON.stringify(name)} in the image's /etc/group`)
}

function groupsOf(name: string, groups: readonly Group[], gid: number): number[] {
  if (name === '') return []
  const own = groups.filter((group) => group.members.includes(name) && group.gid !== gid)
  return [...new Set(own.map((group) => group.gid))].slice(0, GROUPS_MAX)
}

/** The number, null for a name. @throws SandpiperError for ids that a stage has not */
function idOf(name: string, text: string): number | null {
  if (!/^\d{1,10}$/.test(name)) return null
  const id = Number(name)
  if (id < IDS_PER_STAGE) return id
  throw noUser(text, `ids go up to ${IDS_PER_STAGE - 1}`)
}

/** passwd(5); lines that are none, or that have ids which a stage has not, are nobody. */
function parseAccounts(content: string): Account[] {
  return content.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':')
    if (name === '' || !isId(uid) || !isId(gid)) return []
    return [{ name, uid: Number(uid), gid: Number(gid), home }]
  })
}

/** group(5) */
function parseGroups(content: string): Group[] {
  return content.split('\n').flatMap((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':')
    if (name === '' || !isId(gid)) return []
    return [{ name, gid: Number(gid), members: members.split(',') }]
  })
}

function isId(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) < IDS_PER_STAGE
}

function splitOnce(text: string): [string, string?] {
  const colon = text.indexOf(':')
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)]
}

function noUser(text: string, why: string): SandpiperError {
  return new SandpiperError('SP_RUNNER_USER', `can't run as user ${JSON.stringify(text)}: ${why}`, {
    hint: 'Give a name that the image has, or a number: user: "1000:1000"',
  })
}
