import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount } from '../../native/lib/types.js'

/** Where a step's script is inside its sandbox. */
export const SCRIPT_PATH = '/run/sandpiper/script'
/** The file that a step writes its outputs to, which the sandbox makes. */
export const OUTPUT_PATH = '/run/sandpiper/output'

/** What the runner puts into a step's root. */
export interface StepFiles {
  /** Absent: the step has none. */
  readonly script?: string
  readonly hostname: string
  readonly hosts: string
  /** Text of /etc/resolv.conf; null leaves the image's. */
  readonly resolv: string | null
}

/** Writes them into `directory`. They are mounted read-only, from files that the step can't reach otherwise. */
export async function writeStepFiles(
  directory: string,
  files: StepFiles,
): Promise<readonly BindMount[]> {
  const { script, hostname, hosts, resolv } = files
  const at = (name: string): string => path.join(directory, name)
  return Promise.all([
    ...(script === undefined ? [] : [writeBind(at('script'), script, SCRIPT_PATH, 0o555)]),
    writeBind(at('hosts'), hosts, '/etc/hosts', 0o444),
    writeBind(at('hostname'), `${hostname}\n`, '/etc/hostname', 0o444),
    ...(resolv === null ? [] : [writeBind(at('resolv'), resolv, '/etc/resolv.conf', 0o444)]),
  ])
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
