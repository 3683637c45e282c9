import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount } from '../../native/lib/types.js'

/** Where a step's script is inside its sandbox. */
export const SCRIPT_PATH = '/run/sandpiper/script'

/** Empty directories for one overlay. */
export interface OverlayDirs {
  readonly upper: string
  readonly work: string
}

/** Makes upper and work directories below `parent`. The upper's mode is that of the mount's root. */
export async function makeOverlayDirs(parent: string): Promise<OverlayDirs> {
  const upper = path.join(parent, 'upper')
  const work = path.join(parent, 'work')
  await mkdir(parent, { recursive: true, mode: 0o700 })
  await Promise.all([mkdir(upper), mkdir(work, { mode: 0o700 })])
  await chmod(upper, 0o755)
  return { upper, work }
}

/**
 * Writes what the runner puts into a step's root: the script, /etc/hosts and /etc/hostname. They are
 * mounted read-only, from files that the step can't reach otherwise.
 */
export async function writeStepFiles(
  directory: string,
  files: { readonly script: string; readonly hostname: string },
): Promise<BindMount[]> {
  const { script, hostname } = files
  const hosts = `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost ip6-loopback\n`
  return Promise.all([
    writeBind(path.join(directory, 'script'), script, SCRIPT_PATH, 0o555),
    writeBind(path.join(directory, 'hosts'), hosts, '/etc/hosts', 0o444),
    writeBind(path.join(directory, 'hostname'), `${hostname}\n`, '/etc/hostname', 0o444),
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
