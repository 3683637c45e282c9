import { describe, expect, it } from '@jest/globals'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSandboxes } from './testing/sandboxes.js'
import { HAS_LIMITS } from './testing/this-host.js'
import { parseProbes, probeHost } from './probe.js'

describeSandboxes('probeHost', () => {
  it('finds that this host can make sandboxes, and leaves nothing behind', async () => {
    const directory = await mkdtemp(join('/var/tmp', 'sandpiper-probe-'))
    try {
      const report = await probeHost(directory)
      const failed = report.probes.filter(
        ({ ok, feature }) => !ok && (HAS_LIMITS || feature !== 'cgroups'),
      )
      expect(failed).toEqual([])
      expect(report.probes.map((probe) => probe.feature)).toContain('overlay')
      expect(report.cgroupMode !== 'none').toBe(HAS_LIMITS)
      expect(await readdir(directory)).toEqual([])
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it('rejects for a directory that is not there', async () => {
    await expect(probeHost('/no/such/directory')).rejects.toThrow("can't make a directory")
  })
})

describe('parseProbes', () => {
  it('says what failed', () => {
    expect(parseProbes('root\t0\t\t\noverlay\t1\tmount overlay\tprobe\n')).toEqual([
      { feature: 'root', ok: true, detail: '' },
      { feature: 'overlay', ok: false, detail: 'mount overlay on probe: EPERM' },
    ])
  })
})
