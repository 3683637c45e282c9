import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { checkDiskSpace } from './disk-space.js'

describe('checkDiskSpace', () => {
  it('tells what is free where the data directory is to be made', async () => {
    const check = await checkDiskSpace(join(tmpdir(), 'not', 'there'), 0)
    expect(check).toMatchObject({ ok: true, name: 'disk space' })
    expect(check.detail).toMatch(/^[\d.]+ \S+ free of [\d.]+ \S+ at \S+, with a reserve of 0 B$/)
    expect(check.detail).toContain(` at ${tmpdir()},`)
  })

  it('says that nothing would start with less than the reserve, and how to mend it', async () => {
    const check = await checkDiskSpace(tmpdir(), 2 ** 52)
    expect(check).toMatchObject({ ok: false, required: true })
    expect(check.detail).toMatch(
      /^the runner’s disk is full: .*, below the reserve of 4194304 GiB$/,
    )
    expect(check.hint).toMatch(/make room there, or set SANDPIPER_DISK_RESERVE to less/)
  })
})
