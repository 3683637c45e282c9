import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Absent, Held, SandboxMaker } from '../contender.js'
import { hasProgram, reasonOf, runProgram } from '../program.js'
import type { RuntimePlace } from './oci-runtime.js'

const NAME = 'podman run --rm'

/** podman as people call it, but for storage, cgroups and runtime of its own: nothing of the machine's. */
export async function podmanMaker(
  place: Pick<RuntimePlace, 'root' | 'cgroup' | 'directory'>,
): Promise<SandboxMaker | Absent> {
  if (!(await hasProgram('podman'))) return { name: NAME, why: 'not installed' }
  const podman = new Podman(place)
  try {
    await podman.run()
  } catch (error) {
    await podman.close()
    return { name: NAME, why: reasonOf(error) }
  }
  return {
    name: NAME,
    note: 'network none; seccomp, cgroups, capabilities; no user namespace',
    share: 0.05,
    mayFail: true,
    run: () => podman.run(),
    sleep: () => podman.sleep(),
    close: () => podman.close(),
  }
}

/** Made by the first podman of a machine, for all of them, and never removed. */
const LOCKS = '/dev/shm/libpod_lock'

class Podman {
  readonly #place: Pick<RuntimePlace, 'root' | 'cgroup' | 'directory'>
  readonly #hadLocks = existsSync(LOCKS)
  #count = 0

  constructor(place: Pick<RuntimePlace, 'root' | 'cgroup' | 'directory'>) {
    this.#place = place
  }

  run(): Promise<void> {
    return runProgram('podman', [...this.#base(), 'run', ...this.#options(), '/bin/true'])
  }

  async sleep(): Promise<Held> {
    const name = `sandpiper-bench-${process.pid}-${this.#count++}`
    const options = ['-d', '--name', name, ...this.#options(), '/bin/sleep', '1000']
    await runProgram('podman', [...this.#base(), 'run', ...options], { quiet: true })
    return { end: () => runProgram('podman', [...this.#base(), 'rm', '--force', '-t', '0', name]) }
  }

  /** It leaves its storage mounted on itself. */
  async close(): Promise<void> {
    const storage = path.join(this.#place.directory, 'storage', 'overlay')
    await runProgram('umount', [storage]).catch(() => undefined)
    if (!this.#hadLocks) await rm(LOCKS, { force: true })
  }

  #base(): string[] {
    const at = (name: string): string => path.join(this.#place.directory, name)
    return [
      ...['--root', at('storage'), '--runroot', at('run'), '--tmpdir', at('tmp')],
      ...['--cgroup-manager', 'cgroupfs', '--runtime', 'runc', '--events-backend', 'file'],
    ]
  }

  #options(): string[] {
    return [
      ...['--rm', '--network', 'none', '--cgroup-parent', this.#place.cgroup],
      ...['--memory', '256m', '--pids-limit', '256', '--cpus', '1'],
      // Its own default is more than a container in a container may have.
      ...['--ulimit', 'nofile=1024:4096', '--ulimit', 'nproc=1024:1024'],
      ...['--security-opt', 'no-new-privileges', '--rootfs', this.#place.root],
    ]
  }
}
