import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { describeSandboxes, makeTestSandboxes, type TestSandboxes } from '../testing/sandboxes.js'
import { slowness } from '../testing/slowness.js'
import { tamperedLauncher, withoutGuards } from '../testing/tampered.js'
import { isInHostUserNamespace } from '../user-namespace.js'
import { BATTERY } from './battery.js'
import { type Facts, type Guard, isOfThisMachine, type Row, valuesOf } from './row.js'
import { type Neighbourhood, makeNeighbourhood } from './testing/neighbourhood.js'

/** What an ordinary user's launcher leaves out is the kernel's to refuse all the same. */
const prove = isInHostUserNamespace() ? it : it.skip

interface Tried {
  readonly sandboxes: TestSandboxes
  readonly neighbourhood: Neighbourhood
}

let product: Tried
let tampered: Tried
/** Rows of things that this kernel has not. */
const absent: string[] = []

async function begin(launcherPath?: string): Promise<Tried> {
  const sandboxes = await makeTestSandboxes(launcherPath)
  return { sandboxes, neighbourhood: await makeNeighbourhood(sandboxes) }
}

async function end(tried: Tried): Promise<void> {
  await tried.neighbourhood.close()
  await tried.sandboxes.close()
}

/** What came back for the row's attempt: `ok` or the name of an error. */
async function tryRow(tried: Tried, row: Row, off: readonly Guard[]): Promise<string> {
  const { facts } = tried.neighbourhood
  const attempt = row.attempt.replace(/\{(\w+)\}/g, (_, name: keyof Facts) => String(facts[name]))
  const argv = ['/bin/attempt', attempt]
  const { output } = await tried.sandboxes.run('', { argv, ...row.spec, ...withoutGuards(off) })
  return output.trim().slice(attempt.length + 1)
}

function guardsBut(row: Row, kept?: Guard): readonly Guard[] {
  return [...row.guards, ...(row.without ?? [])].filter((guard) => guard !== kept)
}

/** On a slow machine some need luck: what they look for is there for a moment only. */
async function tryBare(row: Row): Promise<string> {
  const asWished = [...valuesOf(row.open ?? 'ok'), ...valuesOf(row.absent ?? [])]
  for (let tries = 1; ; tries++) {
    const bare = await tryRow(tampered, row, guardsBut(row))
    if (asWished.includes(bare) || tries >= slowness) return bare
  }
}

/** Without its guards the row must not be held off, and with any one of them it must. */
async function proveRow(row: Row): Promise<void> {
  const bare = await tryBare(row)
  if (valuesOf(row.absent ?? []).includes(bare)) {
    absent.push(row.title)
    return
  }
  const open = valuesOf(row.open ?? 'ok')
  expect([open, open.includes(bare) ? 'one of these' : bare]).toEqual([open, 'one of these'])
  for (const guard of row.guards) {
    const held = await tryRow(tampered, row, guardsBut(row, guard))
    expect([guard, open.includes(held) ? 'does not hold' : 'holds']).toEqual([guard, 'holds'])
  }
}

describeSandboxes('the escape battery', () => {
  beforeAll(async () => {
    product = await begin()
    tampered = await begin(tamperedLauncher())
  })
  afterAll(async () => {
    await end(product)
    await end(tampered)
  })

  for (const { title, rows: all } of BATTERY) {
    const rows = all.filter(isOfThisMachine)
    describe(title, () => {
      it.each(rows.map((row) => [row.title, row] as const))("a step can't %s", async (_, row) => {
        expect(valuesOf(row.refused)).toContain(await tryRow(product, row, []))
      })

      const guarded = rows.filter(({ guards }) => guards.length > 0)
      prove.each(guarded.map((row) => [row.title, row.guards.join(', '), row] as const))(
        'a step could %s but for %s',
        (_, __, row) => proveRow(row),
      )
    })
  }

  it('is shown to fail but for what this kernel has not', () => {
    const rows = BATTERY.flatMap((area) => area.rows)
    expect(absent.length).toBeLessThan(rows.length / 5)
  })
})
