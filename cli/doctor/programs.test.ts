import { describe, expect, it } from '@jest/globals'
import { describeTun } from './kernel.js'
import { checkPrograms } from './programs.js'

describe('checkPrograms', () => {
  it('tells what today needs from what only later networks need, and what to install', async () => {
    const checks = await checkPrograms({ PATH: '/nonexistent' })
    const ofName = (name: string) => checks.find((check) => check.name === name)
    expect(ofName('git')).toMatchObject({ ok: false, required: true, hint: 'apt-get install git' })
    for (const [name, inPackage] of [
      ['ip', 'iproute2'],
      ['nft', 'nftables'],
      ['pasta', 'passt'],
    ] as const) {
      const hint = `apt-get install ${inPackage}`
      expect(ofName(name)).toMatchObject({ ok: false, required: false, hint })
    }
  })
})

describe('describeTun', () => {
  it('tells a device that is not there from one that may not be opened', () => {
    expect(describeTun('')).toMatchObject({ ok: true })
    expect(describeTun('ENOENT')).toMatchObject({ ok: false, hint: 'modprobe tun' })
    const refused = describeTun('EACCES')
    expect(refused.detail).toContain("is there, but can't be opened (EACCES)")
    expect(refused).toMatchObject({ ok: false, required: false })
    expect(refused.hint).not.toContain('modprobe')
  })
})
