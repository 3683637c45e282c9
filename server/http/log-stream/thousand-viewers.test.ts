import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from '@jest/globals'
import { ADMIN_TOKEN, HttpFixture } from '../testing/fixture.js'

const VIEWERS = Number(process.env['SANDPIPER_LOG_VIEWERS'] ?? 1_000)
const LINES = 2_000
const BATCH = 20

it('a thousand viewers of one step, some slow, some late, some that resume, see every line once', async () => {
  const fixture = await HttpFixture.open()
  await fixture.addRepo('o', 'n', 'hook secret')
  const log = await fixture.runningStep('o', 'n')
  const url = `${await fixture.listen()}/api/repos/o/n/builds/1/logs/1/1`
  const script = join(__dirname, 'testing/viewers.mjs')
  const args = [script, url, ADMIN_TOKEN, String(VIEWERS), String(LINES)]
  const clients = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const said = createInterface({ input: clients.stdout })[Symbol.asyncIterator]()
  try {
    expect((await said.next()).value).toBe('ready')
    const rssBefore = process.memoryUsage().rss
    const cpuBefore = process.cpuUsage()
    let rssMost = 0
    for (let line = 0; line < LINES; line += BATCH) {
      const text = (index: number): string => `line ${line + index + 1} ${'x'.repeat(180)}\n`
      await fixture.print(log, ...Array.from({ length: BATCH }, (_, index) => text(index)))
      if (line === LINES / 2) clients.stdin.write('late\n')
      rssMost = Math.max(rssMost, process.memoryUsage().rss)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await fixture.endStep(log, 'success', 0)
    const { value } = (await said.next()) as { value: string }
    const { user, system } = process.cpuUsage(cpuBefore)
    rssMost = Math.max(rssMost, process.memoryUsage().rss)
    if (process.env['SANDPIPER_MEASURE'] !== undefined) {
      const perLine = ((user + system) * 1000) / (VIEWERS * LINES)
      const ratio = rssMost / rssBefore
      process.stderr.write(
        `${perLine.toFixed(0)} ns CPU per viewer and line; RSS x ${ratio.toFixed(2)}\n`,
      )
    }
    expect(JSON.parse(value)).toEqual({ count: VIEWERS, problems: [], wrong: 0 })
    expect(rssMost / rssBefore).toBeLessThan(2)
  } finally {
    if (clients.exitCode === null) {
      clients.kill()
      await once(clients, 'exit')
    }
    await fixture.close()
  }
}, 300_000)
