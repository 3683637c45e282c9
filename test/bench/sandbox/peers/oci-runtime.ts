import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Absent, Held, SandboxMaker } from '../contender.js'
import { endProgram, hasProgram, reasonOf, runProgram, SLEEP, startSleeper } from '../program.js'
import { strictConfig, type Bundle } from './oci-config.js'

export interface RuntimePlace extends Pick<Bundle, 'root' | 'ids' | 'cgroup'> {
  /** A directory that the bench removes. */
  readonly directory: string
  /** Whether the runtime has `create`, which makes a sandbox that waits. */
  readonly create: boolean
}

/** A runtime of OCI bundles that is called as runc is, with the strict configuration; no overlay of its own. */
export async function ociMaker(
  command: string,
  place: RuntimePlace,
): Promise<SandboxMaker | Absent> {
  const name = `${command} run`
  if (!(await hasProgram(command))) return { name, why: 'not installed' }
  const runtime = new Runtime(command, place)
  await runtime.prepare()
  try {
    await runtime.run()
  } catch (error) {
    return { name, why: reasonOf(error) }
  }
  return {
    name,
    note: 'strict: user namespace, cgroups, seccomp, capabilities; no overlay',
    share: 0.25,
    mayFail: true,
    run: () => runtime.run(),
    sleep: () => runtime.sleep(),
    ...(place.create ? { wait: () => runtime.create() } : {}),
  }
}

const TRUE = ['/bin/true']

class Runtime {
  readonly #command: string
  readonly #place: RuntimePlace
  #count = 0

  constructor(command: string, place: RuntimePlace) {
    this.#command = command
    this.#place = place
  }

  /** One bundle for `true` and one for `sleep`; each sandbox's cgroup is named after it. */
  async prepare(): Promise<void> {
    for (const argv of [TRUE, SLEEP]) {
      const bundle = this.#bundle(argv)
      await mkdir(bundle, { recursive: true })
      const config = await strictConfig({ ...this.#place, argv })
      await writeFile(path.join(bundle, 'config.json'), JSON.stringify(config))
    }
  }

  run(): Promise<void> {
    return runProgram(this.#command, this.#args('run', TRUE, this.#nextId()))
  }

  async sleep(): Promise<Held> {
    const id = this.#nextId()
    const child = await startSleeper(this.#command, this.#args('run', SLEEP, id))
    return {
      end: async () => {
        await this.#delete(id)
        await endProgram(child)
      },
    }
  }

  async create(): Promise<Held> {
    const id = this.#nextId()
    // What it creates keeps its standard error, so that can't be a pipe.
    await runProgram(this.#command, this.#args('create', TRUE, id), { quiet: true })
    return { end: () => this.#delete(id) }
  }

  #delete(id: string): Promise<void> {
    return runProgram(this.#command, [...this.#state(), 'delete', '--force', id])
  }

  #args(verb: string, argv: readonly string[], id: string): string[] {
    return [...this.#state(), verb, '--bundle', this.#bundle(argv), id]
  }

  #state(): string[] {
    return ['--root', path.join(this.#place.directory, 'state')]
  }

  #bundle([program = '']: readonly string[]): string {
    return path.join(this.#place.directory, path.basename(program))
  }

  #nextId(): string {
    return `sandpiper-bench-${process.pid}-${this.#count++}`
  }
}
