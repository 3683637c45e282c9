import { chmod, chown, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount } from '../../native/lib/types.js'

/** Where a step's script is inside its sandbox. */
export const SCRIPT_PATH = '/run/sandpiper/script'
/** The file that a step writes its outputs to. */
export const OUTPUT_PATH = '/run/sandpiper/output'

/** What the runner puts into a step's root. */
export interface StepFiles {
  /** Absent: the step has none. */
  readonly script?: string
  readonly hostname: string
  readonly hosts: string
  /** Text of /etc/resolv.conf; null leaves the image's. */
  readonly resolv: string | null
  /** Host id that is root inside. */
  readonly owner: number
}

export interface WrittenFiles {
  readonly binds: readonly BindMount[]
  /** Host path of the file that the step may write to; always a regular file. */
  readonly output: string
}

/**
 * Writes them into `directory`. They are mounted read-only, from files that the step can't reach
 * otherwise; but for the one it writes its outputs to, which it can't replace as it is a mount point.
 */
export async function writeStepFiles(directory: string, files: StepFiles): Promise<WrittenFiles> {
  const { script, hostname, hosts, resolv, owner } = files
  const at = (name: string): string => path.join(directory, name)
  const readOnly = await Promise.all([
    ...(script === undefined ? [] : [writeBind(at('script'), script, SCRIPT_PATH, 0o555)]),
    writeBind(at('hosts'), hosts, '/etc/hosts', 0o444),
    writeBind(at('hostname'), `${hostname}\n`, '/etc/hostname', 0o444),
    ...(resolv === null ? [] : [writeBind(at('resolv'), resolv, '/etc/resolv.conf', 0o444)]),
  ])
  const output = at('output')
  const bind = await writeBind(output, '', OUTPUT_PATH, 0o666)
  await chown(output, owner, owner)
  return { binds: [...readOnly, { ...bind, readOnly: false }], output }
}

async function writeBind(
  source: string,
  content: string,
  target: string,
  mode: number,
): Promise<BindMount> {
  await writeFile(source, content, { flag: 'wx', mode: 0o600 })
  // The sandbox's root is nobody to the host's root: it reads as "others", whatever the umask is.
  await chmod(source, mode)
  return { source, target, readOnly: true }
}
