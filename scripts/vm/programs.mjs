import { copyFileSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SetupError } from '../lib/report.mjs'
import { run, which } from '../lib/run.mjs'

/** Copies programs of this machine, and the libraries they load, to the same places below `root`. */
export async function copyPrograms(root, names) {
  for (const name of names) {
    const program = which(name)
    if (program === '') {
      throw new SetupError(
        `${name} is not installed, and the tests in the virtual machine use it`,
        {
          hint: 'node scripts/setup.mjs --vm installs what is missing',
        },
      )
    }
    copyTo(root, program)
    await copyLibraries(root, program)
  }
}

/** Copies the shared libraries that a program or library loads. A static one has none. */
export async function copyLibraries(root, file) {
  const { output } = await run('ldd', [file])
  for (const [, path] of output.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) copyTo(root, path)
}

/** By its name, whatever it is a link to, in the directory that its own really is (/bin is /usr/bin). */
function copyTo(root, path) {
  const target = join(root, realpathSync(dirname(path)), basename(path))
  if (existsSync(target)) return
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(path, target)
}
