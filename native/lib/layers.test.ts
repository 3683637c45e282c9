import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describeSandboxes, makeTestSandboxes, type TestSandboxes } from './testing/sandboxes.js'
import type { ImageLayer, SandboxSpec } from './types.js'
import { isInHostUserNamespace } from './user-namespace.js'

const PATTERN_BYTES = 16 * 1024 * 1024
/** An ordinary user can't attach a loop device. */
const itMounts = isInHostUserNamespace() ? it : it.skip

let sandboxes: TestSandboxes
let layer: ImageLayer

beforeAll(async () => {
  sandboxes = await makeTestSandboxes()
  const directory = path.join(sandboxes.root.directory, 'images')
  await mkdir(directory)
  const pattern = path.join(directory, 'pattern')
  await writeFile(pattern, '')
  const mke2fs = [
    '-q',
    '-t',
    'ext4',
    '-b',
    '4096',
    '-O',
    '^has_journal',
    pattern,
    `${PATTERN_BYTES / 1024}k`,
  ]
  await promisify(execFile)('/usr/sbin/mke2fs', mke2fs)
  layer = { kind: 'image', pattern, directory }
})
afterAll(() => sandboxes.close())

/** Loop devices whose files are in the directory of the test. */
async function mounted(): Promise<number> {
  const files = await Promise.all(
    (await readdir('/sys/block'))
      .filter((name) => name.startsWith('loop'))
      .map((name) => readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '')),
  )
  return files.filter((file) => file.includes(path.join(sandboxes.root.directory, 'images'))).length
}

async function waitForMounted(count: number): Promise<void> {
  while ((await mounted()) !== count) await delay(5)
}

const on = async (command: string, image = layer): Promise<SandboxSpec> =>
  sandboxes.specOf(command, {
    root: { lowers: [{ path: sandboxes.root.lower }], writable: image },
  })

async function run(command: string): Promise<string> {
  return (await sandboxes.run('', await on(command))).output
}

describeSandboxes('layers that are kept mounted', () => {
  itMounts('are there when keeping them is over, and made again when they were used', async () => {
    await sandboxes.launcher.keepLayers(layer, 2)
    expect(await mounted()).toBe(2)
    for (let round = 0; round < 5; round++) {
      expect(await run('ls /used 2>&1; echo x >/used; cat /used')).toMatch(/No such file.*\nx\n$/)
    }
    await waitForMounted(2)
  })

  itMounts('are used by sandboxes that are prepared ahead, and by workspaces', async () => {
    const stage = await sandboxes.makeStage()
    await stage.prepare(await on('true'), 1)
    await waitForMounted(1 + 2)
    await stage.mountWorkspace({ lowers: [{ path: sandboxes.root.lower }], writable: layer })
    await waitForMounted(2 + 2)
    await stage.destroy()
    await waitForMounted(2)
  })

  itMounts('bound what is written as any other does', async () => {
    const fill = 'dd if=/dev/zero of=/big bs=1M count=30 2>&1'
    expect(await run(`${fill} | grep -o "No space left on device"; wc -c </big`)).toMatch(
      /^No space left on device\n1\d{7}\n$/,
    )
  })

  itMounts('are let go when fewer are to be kept', async () => {
    await sandboxes.launcher.keepLayers(layer, 0)
    await waitForMounted(0)
    expect(await run('echo fine')).toBe('fine\n')
  })

  itMounts('that can not be made are given up, and the start tells why', async () => {
    const missing = { ...layer, pattern: '/no/such/pattern' }
    await sandboxes.launcher.keepLayers(missing, 1)
    await expect(sandboxes.stage.start(await on('true', missing))).rejects.toThrow(
      'openat2 on /no/such/pattern: ENOENT',
    )
  })

  itMounts('end with the launcher, also when it is killed', async () => {
    const other = await makeTestSandboxes()
    await other.launcher.keepLayers(layer, 2)
    process.kill(other.launcher.pid, 'SIGKILL')
    await waitForMounted(0)
    await other.close().catch(() => undefined)
  })
})
