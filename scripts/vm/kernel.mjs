import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { phase, SetupError } from '../lib/report.mjs'
import { must } from '../lib/run.mjs'

/** Always depends on the newest kernel that Debian builds for virtual machines. */
const META_PACKAGE = 'linux-image-cloud-amd64'

/**
 * Debian's kernel and its modules, unpacked below `cache` and not installed: no hook runs. A kernel that is
 * there already is taken, so that only the first run needs the network.
 * @returns {{version, image, modules}} release, the file to boot, and the directory `lib/modules/RELEASE`
 */
export async function debianKernel(cache) {
  const directory = join(cache, 'kernel')
  if (!existsSync(directory)) await phase("Debian's cloud kernel", () => unpack(directory))
  const [version] = readdirSync(join(directory, 'lib/modules'))
  const image = join(directory, 'boot', `vmlinuz-${version}`)
  return { version, image, modules: join(directory, 'lib/modules', version) }
}

/** The last step is a rename: a directory that is there is whole. */
async function unpack(directory) {
  const temporary = `${directory}.new`
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  await withFreshLists(() => download(temporary))
  const [file] = readdirSync(temporary)
  await must('dpkg-deb', ['-x', file, '.'], { cwd: temporary })
  rmSync(join(temporary, file))
  renameSync(temporary, directory)
}

/** Package lists may be missing, or name files that the mirror no longer has: one refresh, then it has to work. */
async function withFreshLists(work) {
  try {
    await work()
  } catch (error) {
    if (process.getuid() !== 0) throw error
    await must('apt-get', ['update', '-q'], { what: 'apt-get update' })
    await work()
  }
}

async function download(directory) {
  const name = await imagePackage()
  await must('apt-get', ['download', '-q', name], {
    cwd: directory,
    what: `the download of ${name}`,
    hint: 'apt-get update, then run it again',
  })
}

async function imagePackage() {
  const hint = 'the virtual machine needs a Debian with its package lists: apt-get update'
  const text = await must('apt-cache', ['depends', META_PACKAGE], {
    hint,
    env: { LC_ALL: 'C' },
  })
  const name = /Depends: (linux-image-\S+)/.exec(text)?.[1]
  if (name === undefined) throw new SetupError(`${META_PACKAGE} names no kernel package`, { hint })
  return name
}
