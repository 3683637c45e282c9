import { describe, expect, it } from '@jest/globals'
import { describeTun } from './kernel.js'
import { checkPrograms } from './programs.js'

describe('checkPrograms', () => {
  it('tells what to install, and what steps that reach the outside need', async () => {
    const ofName = async (name: string, isIsolated: boolean) =>
      (await checkPrograms({ PATH: '/nonexistent' }, isIsolated)).find(
        (check) => check.name === name,
      )
    for (const [name, hint] of [
      ['git', 'apt-get install git'],
      ['ip', 'apt-get install iproute2'],
    ] as const) {
      expect(await ofName(name, false)).toMatchObject({ ok: false, required: true, hint })
      expect(await ofName(name, true)).toMatchObject({ ok: false, required: true, hint })
    }
    for (const [name, inPackage] of [
      ['nft', 'nftables'],
      ['pasta', 'passt'],
    ] as const) {
      const hint = `apt-get install ${inPackage}`
      expect(await ofName(name, false)).toMatchObject({
        ...{ ok: false, required: true },
        hint: `${hint}, or SANDPIPER_NETWORK=isolated, with which steps reach nothing outside`,
      })
      expect(await ofName(name, true)).toMatchObject({ ok: false, required: false, hint })
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
