import { copyFileSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { SetupError } from '../lib/report.mjs'
import { run, which } from '../lib/run.mjs'

/** Copies programs of this machine, and the libraries they load, to the same places below `root`. */
export async function copyPrograms(root, names) {
  const files = names.map((name) => {
    const file = which(name)
    if (file !== '') return file
    throw new SetupError(`${name} is not installed, and the tests in the virtual machine use it`, {
      hint: 'node scripts/setup.mjs --vm installs what is missing',
    })
  })
  await copyFiles(root, files)
}

/** The same for all programs of Debian packages; those that are not installed are passed over. */
export async function copyPackages(root, names) {
  const { output } = await run('dpkg', ['-L', ...names])
  const files = output.split('\n').filter((line) => /^(\/usr)?\/s?bin\/./.test(line))
  // Debian's package system divides some names between packages.
  await copyFiles(root, files.filter(existsSync))
}

/** Copies the shared libraries that programs or libraries load. A static one has none. */
export async function copyLibraries(root, files) {
  const { output } = await run('ldd', files)
  for (const [, path] of output.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) copyTo(root, path)
}

async function copyFiles(root, files) {
  for (const file of files) copyTo(root, file)
  await copyLibraries(root, files)
}

/** By its name, whatever it is a link to, in the directory that its own really is (/bin is /usr/bin). */
function copyTo(root, path) {
  const target = join(root, realpathSync(dirname(path)), basename(path))
  if (existsSync(target)) return
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(path, target)
}
