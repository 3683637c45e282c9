import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { FaultyCall } from './faulty-launcher.js'

/** A system call whose failure is not told, because nothing is lost by it. */
interface MayFail {
  readonly call: string
  /** Function of the launcher that makes it, or calls what does. */
  readonly from: string
  readonly because: string
}

const MAY_FAIL: readonly MayFail[] = [
  { call: 'close_range', from: 'RunInit', because: 'what stays open ends with the init' },
  { call: 'close_range', from: 'Start', because: 'a tool’s init has nothing to hide from it' },
  { call: 'epoll_ctl', from: 'OnReport', because: 'a pipe that is watched for longer is read' },
  { call: 'epoll_ctl', from: 'OnHelperEnd', because: 'the end of a child is told by a signal too' },
  { call: 'fstatfs', from: 'DiscardImage', because: 'it is unmounted as any other' },
  { call: 'fstatfs', from: 'MeasureLayer', because: 'what can’t be measured counts as nothing' },
  { call: 'ioctl', from: 'DiscardImage', because: 'it is unmounted as any other' },
  { call: 'ioctl', from: 'MountImage', because: 'what can’t be cloned is copied' },
  { call: 'mount_setattr', from: 'OpenBind', because: 'its files are seen as nobody’s then' },
  { call: 'mount_setattr', from: 'OpenTrees', because: 'its files are seen as nobody’s then' },
  { call: 'munmap', from: '~Execution', because: 'a page of memory that is nobody’s' },
  { call: 'open', from: 'OpenDevices', because: 'usage that can’t be read counts as none' },
  { call: 'openat', from: 'DiscardImage', because: 'it is unmounted as any other' },
  { call: 'openat', from: 'HasLostWrites', because: 'what can’t be told counts as lost' },
  { call: 'openat', from: 'WriteSetting', because: 'what a namespace has by itself does too' },
  { call: 'openat', from: 'ReadFile', because: 'usage that can’t be read counts as none' },
  { call: 'openat', from: 'Runs', because: 'who has ended is found out when it is joined' },
  { call: 'openat2', from: 'ReadCgroups', because: 'usage that can’t be read counts as none' },
  { call: 'prctl', from: 'RunInit', because: 'the name of a process is for people' },
  { call: 'poll', from: 'IsSound', because: 'a start makes what it can’t take' },
  { call: 'pread', from: 'ReadNetwork', because: 'usage that can’t be read counts as none' },
  { call: 'prctl', from: 'Join', because: 'the name of a process is for people' },
  { call: 'prctl', from: 'Contain', because: 'the name of a process is for people' },
  { call: 'read', from: 'ReadFile', because: 'usage that can’t be read counts as none' },
  { call: 'read', from: 'ReapChildren', because: 'it is told again while there is something' },
  { call: 'read', from: 'Wait', because: 'a holder that sees no more is one that ends' },
  { call: 'recv', from: 'IsSound', because: 'a start makes what it can’t take' },
  { call: 'recv', from: 'Next', because: 'it is told again while there is something' },
  { call: 'recv', from: 'NextReport', because: 'it is asked again' },
  { call: 'recvmsg', from: 'Configure', because: 'the launcher does what the janitor can’t' },
  { call: 'recvmsg', from: 'Receive', because: 'it is asked again when memory was short' },
  { call: 'rmdir', from: 'Unmount', because: 'an empty directory, in a tmpfs of the launcher’s' },
  { call: 'send', from: 'Send', because: 'it is sent again when memory was short' },
  { call: 'sendmsg', from: 'Clean', because: 'the launcher does what the janitor can’t' },
  { call: 'sendmsg', from: 'Configure', because: 'the launcher does what the janitor can’t' },
  { call: 'sendmsg', from: 'MakeImage', because: 'who needs an image makes it' },
  { call: 'sigwaitinfo', from: 'RunInit', because: 'it is asked again' },
  { call: 'syncfs', from: 'HasLostWrites', because: 'what can’t be told counts as lost' },
  { call: 'syscall 202', from: 'Live', because: 'a futex is waited for and woken again' },
  { call: 'syscall 202', from: 'Prepare', because: 'a futex is waited for and woken again' },
  { call: 'syscall 202', from: 'RunInit', because: 'a futex is waited for and woken again' },
  { call: 'syscall 202', from: 'Start', because: 'a futex is waited for and woken again' },
  { call: 'unlinkat', from: 'Clean', because: 'the runner removes what is left' },
  { call: 'unlinkat', from: 'Configure', because: 'the runner removes what is left' },
  { call: 'unlinkat', from: 'DoAbandoned', because: 'the runner removes what is left' },
  { call: 'unlinkat', from: 'RemoveCgroups', because: 'the runner removes what is left' },
  { call: 'unlinkat', from: 'ReapedTool', because: 'it is asked again' },
  { call: 'wait4', from: 'OnProgramEnd', because: 'the end of a child is told by a signal too' },
  { call: 'wait4', from: 'ReapChildren', because: 'it is asked again' },
  { call: 'waitpid', from: '~Holder', because: 'the server reaps every child' },
  { call: 'waitpid', from: 'MakeNetworkIn', because: 'the init reaps every child' },
  { call: 'waitpid', from: 'RunInit', because: 'it is asked again' },
  { call: 'write', from: 'SendReport', because: 'it is sent again when memory was short' },
  { call: 'write', from: 'WriteSetting', because: 'what a namespace has by itself does too' },
]

/** Functions of libc that are the same call. */
const ALIASES: Readonly<Record<string, string>> = { __open_2: 'open', __openat_2: 'openat' }

/**
 * Whether the failure of a call at an address of the program may go untold. `isPrepared`: in a launch whose
 * sandbox is made ahead.
 */
export async function mayFail(
  program: string,
  { name, callers }: FaultyCall,
  isPrepared: boolean,
): Promise<boolean> {
  const call = ALIASES[name] ?? name
  const functions = await functionsAt(program, callers)
  return (
    isAhead(functions, isPrepared) ||
    MAY_FAIL.some((one) => one.call === call && functions.includes(one.from))
  )
}

/** What the process of a sandbox does once its order is there. */
const ORDERED: readonly string[] = ['Furnish', 'RunInit', 'ExecuteProgram']

/** What can't be made ahead is made, or told, by the start that needs it. */
function isAhead(functions: readonly string[], isPrepared: boolean): boolean {
  const isImage = functions.includes('MountImage') && functions.includes('Configure')
  // These have stacks of their own.
  const makers = ['PrepareSpare', 'HasReported', ...(isPrepared ? ['Live', 'RunMaker'] : [])]
  const isSpare = makers.some((name) => functions.includes(name))
  return isImage || (isSpare && !functions.some((name) => ORDERED.includes(name)))
}

/** Names of the functions at return addresses and of those that they are inlined into, innermost first. */
export async function functionsAt(
  program: string,
  addresses: readonly bigint[],
): Promise<readonly string[]> {
  // A return address is that of the next instruction, which may be another function's.
  const before = addresses.map((address) => `0x${(address - 1n).toString(16)}`)
  const args = ['--functions', '--inlines', '--demangle', '--exe', program, ...before]
  const { stdout } = await promisify(execFile)('addr2line', args)
  const names = stdout.split('\n').filter((_, index) => index % 2 === 0)
  return names.map(shortName).filter(Boolean)
}

function shortName(name: string): string {
  return name
    .replace(/\(anonymous namespace\)::|\[abi:cxx11\]/g, '')
    .replace(/\(.*\)( const)?$/, '')
    .replace(/^.*::/, '')
}
