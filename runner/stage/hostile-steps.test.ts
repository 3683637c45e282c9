import { chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { type Canary, makeCanary } from '../testing/hostile-tree.js'
import { makeJob, openTestHost, runJob, step, type TestHost } from '../testing/stages.js'

const MIB = 2 ** 20
const CLONE = { kind: 'clone', name: 'clone', dependsOn: [] } as const
const LONG = 'n'.repeat(255)

let host: TestHost
let outside: string
let canary: Canary

beforeAll(async () => {
  host = await openTestHost()
})
afterAll(() => host.remove())
beforeEach(async () => {
  outside = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-outside-'))
  canary = await makeCanary(outside)
})
afterEach(async () => {
  await canary.check()
  await rm(outside, { recursive: true })
})

/** The worst that a step's root can make in a directory. */
function worstOf(directory: string): readonly string[] {
  const up = `${'../'.repeat(30)}${canary.directory.slice(1)}`
  return [
    `mkdir -p ${directory}/worst; cd ${directory}/worst`,
    `ln -s ${canary.directory} absolute; ln -s ${up} relative; ln -s / root; ln -s loop loop`,
    'ln -s /proc/1/root init; ln -s /proc/self/fd/1 output',
    'mkfifo pipe; printf x > "$(printf "a\\nb")"; mkdir -- -rf; touch -- "-rf/*"',
    `mkdir ${LONG}; touch ${LONG}/${LONG}; mkdir closed; touch closed/file; chmod 000 closed`,
    'touch others; chown 1234:4321 others; chmod 4777 others; mkdir sticky; chmod 1777 sticky',
    'touch sticky/file; chown 99 sticky/file sticky; cd /drone/src',
  ]
}

/** A tree of 7,000 bytes of path, which only a walk by descriptors gets to the end of. */
function deepTreeIn(directory: string): readonly string[] {
  const chain = Array.from({ length: 14 }, () => LONG.slice(5)).join('/')
  return [
    `cd ${directory}; mkdir upper lower; mkdir -p upper/${chain} lower/${chain}`,
    `mkfifo lower/${chain}/pipe; mv lower upper/${chain}/; cd /drone/src`,
  ]
}

async function leftOf(): Promise<readonly string[]> {
  await host.host.deps.trash.idle()
  const left: string[] = []
  for (const name of ['stages', 'trash']) {
    const names = await readdir(path.join(host.directory, name)).catch(() => [])
    left.push(...names)
  }
  return left
}

describe('what steps leave in workspace, volumes and their own root', () => {
  const volume = { kind: 'temp', name: 'v', medium: 'disk', sizeBytes: 100 * MIB } as const
  const mounts = [{ volume: 'v', path: '/vol', readOnly: false }]

  it('can be removed by the root of a later step, and by the runner, which follows nothing', async () => {
    const places = ['/drone/src', '/vol', '/root', '/tmp', '/dev/shm']
    const check = 'ls /drone/src /vol; [ ! -e /drone/src/worst ]; [ ! -e /vol/worst ]'
    const steps = [
      step('make', places.flatMap(worstOf), { mounts }),
      // Its user can't, its root can.
      step('fail', ['if rm -rf worst 2>/dev/null; then exit 1; fi; ls -d worst/closed'], {
        dependsOn: ['make'],
        user: '1000',
      }),
      step('remove', ['rm -rf /drone/src/worst /vol/worst', check], {
        mounts,
        dependsOn: ['fail'],
      }),
      step('again', [...places.flatMap(worstOf), ...places.flatMap(deepTreeIn)], {
        mounts,
        dependsOn: ['remove'],
      }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps, { plan: { volumes: [volume] } }))
    expect([...sink.results].map(([name, { status }]) => [name, status])).toEqual(
      steps.map(({ name }) => [name, 'success']),
    )
    expect(outcome.status).toBe('success')
    expect(await leftOf()).toEqual([])
  }, 60_000)

  it('counts to a volume without what links lead to, however they are swapped', async () => {
    const swap =
      'i=0; while [ $i -lt 1500 ]; do rm -rf a; ln -s /usr a; rm a; mkdir a; i=$((i+1)); done'
    const sized = { ...volume, sizeBytes: 20 * MIB }
    const steps = [step('swap', ['cd /vol', 'ln -s /usr usr', swap], { mounts })]
    const { sink } = await runJob(host, makeJob(steps, { plan: { volumes: [sized] } }))
    expect(sink.results.get('swap')).toMatchObject({ status: 'success' })
  }, 60_000)

  it('that they can not remove themselves are none of the runner’s trouble', async () => {
    const tree = path.join(outside, 'tree')
    await mkdir(path.join(tree, 'foreign'), { recursive: true, mode: 0o755 })
    await writeFile(path.join(tree, 'foreign', 'file'), 'theirs')
    // No id of any stage.
    for (const name of ['foreign/file', 'foreign'])
      await chown(path.join(tree, name), 70_000, 70_000)
    const steps = [
      CLONE,
      step('try', ['if rm -rf foreign 2>/dev/null; then exit 1; fi', 'ls foreign'], {
        dependsOn: ['clone'],
      }),
      step('go-on', ['echo mine > mine; cat mine'], { dependsOn: ['try'] }),
    ]
    const job = makeJob(steps, { plan: { clone: { disabled: false } } })
    const { sink, outcome } = await runJob(host, job, { tree: { path: tree } })
    expect(sink.log('try')).toContain('\nfile\n')
    expect(outcome.status).toBe('success')
    expect(await readdir(path.join(tree, 'foreign'))).toEqual(['file'])
    expect(await leftOf()).toEqual([])
  })
})

describe('what the runner puts into a step', () => {
  it('can not be replaced, nor what it stands for be changed', async () => {
    const tricks = [
      'rm -f /run/sandpiper/script',
      'mv /run/sandpiper /run/away',
      'echo evil > /run/sandpiper/script',
      'chmod 777 /run/sandpiper/script',
      'ln -sf /etc/passwd /run/sandpiper/script',
      'mkfifo /run/sandpiper/pipe',
      'echo 1.2.3.4 evil > /etc/hosts',
      'rm -f /etc/hosts',
      'mv /etc/hosts /etc/away',
    ]
    const commands = tricks.map((trick) => `if (${trick}) 2>/dev/null; then echo "worked"; fi`)
    const steps = [
      step('try', commands),
      step('later', ['if grep evil /etc/hosts; then exit 1; fi', 'cat /run/sandpiper/script'], {
        dependsOn: ['try'],
      }),
    ]
    const { sink, outcome } = await runJob(host, makeJob(steps))
    expect(sink.log('try')).not.toMatch(/^worked$/m)
    expect(outcome.status).toBe('success')
  })

  it('is where it is also when the workspace has links in the way', async () => {
    const tree = path.join(outside, 'tree')
    await mkdir(tree)
    for (const [name, target] of [
      ['dir', '../../../proc'],
      ['away', canary.directory],
    ] as const) {
      await symlink(target, path.join(tree, name))
    }
    const more = { dependsOn: ['clone'], failure: 'ignore' } as const
    const steps = [
      CLONE,
      step('in-proc', ['echo "in $(pwd)"'], { ...more, workingDir: 'dir/self/root' }),
      step('outside', ['echo made > made', 'echo "in $(pwd)"'], { ...more, workingDir: 'away' }),
    ]
    const job = makeJob(steps, { plan: { clone: { disabled: false } } })
    const { sink } = await runJob(host, job, { tree: { path: tree } })
    for (const name of ['in-proc', 'outside']) {
      expect(sink.results.get(name)).toMatchObject({ status: 'error' })
      expect(sink.results.get(name)?.error).toMatch(/ E(LOOP|NOENT)$|: E(LOOP|NOENT)/)
    }
    expect(await readdir(canary.directory)).toEqual(['file', 'sub'])
  })
})
