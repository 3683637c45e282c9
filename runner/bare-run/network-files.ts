import { chmod, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BindMount } from '../../native/lib/types.js'

/** Writes /etc/hosts and /etc/hostname of a sandbox that is on its own. */
export function writeNetworkFiles(directory: string, hostname: string): Promise<BindMount[]> {
  const hosts = `127.0.0.1 localhost ${hostname}\n::1 localhost ip6-localhost ip6-loopback\n`
  return Promise.all([
    writeBind(path.join(directory, 'hosts'), hosts, '/etc/hosts'),
    writeBind(path.join(directory, 'hostname'), `${hostname}\n`, '/etc/hostname'),
  ])
}

async function writeBind(source: string, content: string, target: string): Promise<BindMount> {
  await writeFile(source, content, { flag: 'wx', mode: 0o600 })
  // The sandbox's root is nobody to the host's root: it reads as "others", whatever the umask is.
  await chmod(source, 0o444)
  return { source, target, readOnly: true }
}
