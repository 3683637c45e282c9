import { expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../support/root.js'

const run = promisify(execFile)
const native = path.join(ROOT, 'native')

/** Functions of the C library that the launcher's objects call. */
async function calledFunctions(): Promise<readonly string[]> {
  const directories = ['launcher', 'common'].map((name) =>
    path.join(native, 'build/for-launcher', name),
  )
  const files = await Promise.all(
    directories.map(async (directory) =>
      (await readdir(directory))
        .filter((name) => name.endsWith('.o'))
        .map((name) => path.join(directory, name)),
    ),
  )
  const { stdout } = await run('nm', ['--undefined-only', '--just-symbols', ...files.flat()])
  const names = stdout.split('\n').filter((line) => /^[a-z_]\w*$/.test(line))
  return [...new Set(names)].filter((name) => !IGNORED.test(name)).sort()
}

/** C++, the compiler's own, and the printing of text. */
const IGNORED =
  /^_Z|^_GLOBAL_|^__cxa_|_chk(_fail)?$|^__(errno_location|dso_handle|libc_single_threaded)$|^std(err|out)$/

it('every function of libc that the launcher calls is in calls.list: made to fail, or why it need not be', async () => {
  const list = await readFile(path.join(native, 'src/faults/calls.list'), 'utf8')
  const known = new Set(list.match(/(?<=^[+-] )\S+$/gm))
  expect((await calledFunctions()).filter((name) => !known.has(name))).toEqual([])
})
