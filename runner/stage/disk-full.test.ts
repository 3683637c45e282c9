import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { HostConfig } from '../config.js'
import { makeTar } from '../layers/testing/archives.js'
import { silentLog } from '../log.js'
import { makeSmallDisk, type SmallDisk } from '../testing/small-disk.js'
import { makeJob, openTestHost, runJob, step, type TestHost } from '../testing/stages.js'
import { until } from '../testing/until.js'
import { WritableLayers } from '../writable/writable-layers.js'

const MIB = 1024 * 1024
const always = { runOn: { success: true, failure: true } }
/** Each may hold more than there is of the disk. */
const limits = { diskBytes: 200 * MIB, workspaceBytes: 200 * MIB }
const write = (file: string, mib: number): string =>
  `dd if=/dev/urandom of=${file} bs=1M count=${mib} 2>/dev/null`

let disk: SmallDisk
let host: TestHost

async function open(more: Partial<HostConfig>): Promise<void> {
  host = await openTestHost(limits, { dataDir: path.join(disk.directory, 'data'), ...more })
}

beforeEach(async () => {
  disk = await makeSmallDisk()
})

afterEach(async () => {
  await host.remove()
  await disk.remove()
})

describe('what an image could not write out', () => {
  // A reserve would have the step ended before.
  beforeEach(() => open({ diskReserveBytes: 0 }))

  it('makes no success of the step that wrote it', async () => {
    const { sink, outcome } = await runJob(host, makeJob([step('a', [write('/big', 100), 'sync'])]))
    // Of the workspace, which is an image too, there is less to write out.
    const error =
      /^the runner’s disk was full: some of what was written to the writable layer( and the workspace)? is lost$/
    expect(sink.results.get('a')).toMatchObject({
      ...{ status: 'error', exitCode: 1, error: expect.stringMatching(error) },
    })
    expect(sink.log('a')).toContain('some of what was written to the writable layer')
    expect(outcome.status).toBe('error')
  })

  it('makes no success of a step that has the workspace with it, ever again', async () => {
    disk.fill(30 * MIB)
    const b = step('b', ['sync', 'echo written'], { dependsOn: ['a'], ...always })
    const c = step('c', ['true'], { dependsOn: ['b'] })
    const d = step('d', ['true'], { dependsOn: ['c'], ...always })
    const job = makeJob([step('a', [write('big', 50)]), b, c, d])
    const onOutput = (name: string, log: string): void => {
      if (name === 'b' && log.includes('\nwritten')) disk.empty()
    }
    const { sink } = await runJob(host, job, { onOutput })
    const error = expect.stringMatching(/some of what was written to the .*workspace is lost$/)
    expect(sink.results.get('b')).toMatchObject({ status: 'error', exitCode: 1, error })
    expect(sink.results.get('c')).toMatchObject({ status: 'skipped' })
    expect(sink.results.get('d')).toMatchObject({ status: 'error', exitCode: 1, error })
  })

  it('is nothing where all could be', async () => {
    const { outcome } = await runJob(host, makeJob([step('a', [write('/big', 20), 'sync'])]))
    expect(outcome.status).toBe('success')
  })
})

describe('the reserve of a disk', () => {
  const reserve = { diskReserveBytes: 20 * MIB }
  const full =
    /^the runner’s disk is full: [\d.]+ MiB free of [\d.]+ MiB at \S+, below the reserve of 20 MiB/

  it('ends the step that takes most when it is touched, and no other', async () => {
    await open(reserve)
    const hog = step('hog', [write('/big', 45), 'sync', 'sleep 60'])
    const wait = 'until [ -e gone ]; do sleep 0.1; done'
    const other = step('other', [write('/small', 3), wait])
    const after = step('after', ['touch gone'], { dependsOn: ['hog'], ...always })
    const { sink, outcome } = await runJob(host, makeJob([hog, other, after]))
    const result = sink.results.get('hog')
    expect(result).toMatchObject({ status: 'error', exitCode: 137 })
    expect(result!.error).toMatch(full)
    expect(result!.error).toMatch(
      /; ended as the one that takes most: 4\d(\.\d)? MiB in the writable layer of this step$/,
    )
    expect(sink.log('hog')).toContain(result!.error)
    expect(sink.results.get('other')).toMatchObject({ status: 'success' })
    expect(sink.results.get('after')).toMatchObject({ status: 'success' })
    expect(outcome).toMatchObject({ status: 'error', error: `step hog: ${result!.error}` })
    await until('there is room again', async () => (await host.host.deps.disk.look()) === null)
  })

  it('ends the stage whose workspace takes most when it is touched, and no other', async () => {
    await open(reserve)
    const wait = 'sleep 60'
    const hog = makeJob([step('a', [write('big', 45), 'sync', wait]), step('b', [wait])])
    const controller = new AbortController()
    const other = makeJob([step('a', [write('small', 3), 'echo up', wait])], { stageId: 2 })
    const others = runJob(host, other, { signal: controller.signal })
    const { sink, outcome } = await runJob(host, hog)
    expect(outcome).toMatchObject({ status: 'error', error: expect.stringMatching(full) })
    expect(outcome.error).toMatch(/MiB in the workspace and the volumes of this stage$/)
    for (const name of ['a', 'b']) {
      expect(sink.results.get(name)).toMatchObject({ status: 'error', error: outcome.error })
    }
    await until('there is room again', async () => (await host.host.deps.disk.look()) === null)
    controller.abort()
    expect((await others).outcome).toMatchObject({ status: 'killed', error: 'cancelled' })
  })

  it('has images that nothing runs on given up before anybody is ended', async () => {
    await open({ ...reserve, layersDir: path.join(disk.directory, 'layers') })
    const { layers } = host.host.deps
    const archive = path.join(disk.directory, 'archive.tar')
    const [first, second] = ['first:1', 'second:1'] as const
    for (const name of [first, second]) {
      await writeFile(archive, makeTar([{ path: 'big', content: 'x'.repeat(12 * MIB) + name }]))
      const image = await layers.importTar(name, archive)
      const origin = { registry: 'r', repository: 'r', manifest: '', resolved: '', pulled: 0 }
      await layers.setImage(name, { ...image, origin })
      await rm(archive)
    }
    const hog = step('hog', [write('/big', 14), 'sync', 'sleep 3', 'echo whole'])
    const { sink } = await runJob(host, makeJob([hog]))
    expect(sink.results.get('hog')).toMatchObject({ status: 'success' })
    expect((await layers.list()).map(({ name }) => name)).toEqual(['busybox:latest'])
  })

  it('lets no step begin that finds it touched, and gives the stage back if none has', async () => {
    await open(reserve)
    disk.fill(15 * MIB)
    const { sink, outcome } = await runJob(host, makeJob([step('a', ['true'])]))
    expect(outcome).toMatchObject({ status: 'error', lost: true })
    expect(sink.results.get('a')).toMatchObject({ status: 'error', exitCode: 1 })
    expect(sink.results.get('a')!.error).toMatch(full)
    expect(sink.results.get('a')!.error).toMatch(/ Make room there, or set SANDPIPER_DISK_RESERVE /)
    disk.empty()
    expect((await runJob(host, makeJob([step('a', ['true'])]))).outcome.status).toBe('success')
  })

  it('keeps a stage of which a step has run', async () => {
    await open(reserve)
    const job = makeJob([step('a', ['echo up']), step('b', ['true'], { dependsOn: ['a'] })])
    const { sink, outcome } = await runJob(host, job, { onOutput: () => disk.fill(15 * MIB) })
    expect(sink.results.get('a')!.status).toBe('success')
    expect(sink.results.get('b')).toMatchObject({ status: 'error', exitCode: 1 })
    expect(outcome).toMatchObject({ status: 'error', error: expect.stringContaining('step b: ') })
    expect(outcome.lost).toBeFalsy()
  })
})

describe('layers that are directories', () => {
  let layers: WritableLayers

  beforeEach(async () => {
    await open({ diskReserveBytes: 20 * MIB })
    const { ids } = host.host.deps
    const createStage = () => Promise.reject(new Error('not here'))
    const patterns = path.join(host.directory, 'patterns')
    const options = { patterns, launcher: { createStage }, ids, log: silentLog }
    layers = await WritableLayers.open(options)
  })

  it.each(['/big', 'big'])('are measured when the reserve is touched: %s', async (file) => {
    const { host: inner, ...rest } = host
    const own = { ...rest, host: { ...inner, deps: { ...inner.deps, writable: layers } } }
    const hog = step('hog', [write(file, 45), 'sleep 60'])
    const { sink } = await runJob(own, makeJob([hog]))
    expect(sink.results.get('hog')).toMatchObject({ status: 'error', exitCode: 137 })
    expect(sink.results.get('hog')!.error).toMatch(
      /ended as the one that takes most: 4\d(\.\d)? MiB in/,
    )
  })

  it('tell a step that has filled the disk what was full', async () => {
    const { host: inner, ...rest } = host
    const own = { ...rest, host: { ...inner, deps: { ...inner.deps, writable: layers } } }
    const { sink } = await runJob(own, makeJob([step('hog', [write('/big', 100)])]))
    const { status, error } = sink.results.get('hog')!
    expect(status).toMatch(/^(failure|error)$/)
    expect(error).toMatch(/the runner’s disk is full: [\d.]+ \S+ free of [\d.]+ MiB/)
  })
})
