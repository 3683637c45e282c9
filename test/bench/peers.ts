import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Contender } from './stats.js'

/** Runs a program to its end. Rejects when it does not exit with 0. */
export function runProgram(command: string, args: readonly string[], cwd?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd })
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ${args.join(' ')} ended with ${String(code)}: ${stderr}`))
    })
  })
}

export function bwrapContender(root: string): Contender {
  const args = ['--unshare-all', '--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev']
  return {
    name: 'bwrap --unshare-all',
    note: 'namespaces, read-only root; no overlay, cgroup or seccomp',
    run: () => runProgram('bwrap', [...args, '/bin/true']),
  }
}

/** A bundle with our namespaces and limits; runc has no overlay of its own: the root is a plain directory. */
export async function runcContender(root: string, scratch: string): Promise<Contender> {
  const bundle = path.join(scratch, 'runc-bundle')
  await mkdir(bundle, { recursive: true })
  await runProgram('runc', ['spec'], bundle).catch((error: unknown) => {
    if (!String(error).includes('exist')) throw error
  })
  await writeFile(path.join(bundle, 'config.json'), JSON.stringify(runcConfig(root)))
  let count = 0
  const state = path.join(scratch, 'runc-state')
  return {
    name: 'runc run',
    note: 'namespaces incl. user, cgroup limits, capabilities; no overlay, no seccomp',
    run: () =>
      runProgram('runc', [
        '--root',
        state,
        'run',
        '--bundle',
        bundle,
        `sandpiper-bench-${String(process.pid)}-${String(count++)}`,
      ]),
  }
}

const ID_START = 1_999_000_000

function runcConfig(root: string): object {
  const none: string[] = []
  const mount = (destination: string, type: string, options: string[]) => ({
    destination,
    type,
    source: type,
    options,
  })
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: ['/bin/true'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: none, effective: none, permitted: none },
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    hostname: 'bench',
    mounts: [
      mount('/proc', 'proc', []),
      mount('/dev', 'tmpfs', ['nosuid', 'mode=755', 'size=65536k']),
      mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666']),
      mount('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
    ],
    linux: {
      uidMappings: [{ containerID: 0, hostID: ID_START, size: 65_536 }],
      gidMappings: [{ containerID: 0, hostID: ID_START, size: 65_536 }],
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', 'user'].map((type) => ({ type })),
      resources: { memory: { limit: 268_435_456 }, pids: { limit: 256 } },
    },
  }
}
