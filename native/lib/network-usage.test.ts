import { describe, expect, it } from '@jest/globals'
import { networkUsage } from './network-usage.js'

const HEAD = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`
const interfaceLine = (name: string, rx: number, tx: number): string =>
  `${name.padStart(6)}: ${rx}      29    0    0    0     0          0         0 ${tx}      29    0    0    0     0       0          0\n`

describe('networkUsage', () => {
  it('adds up what went through the interfaces since, but not through loopback', () => {
    const before = HEAD + interfaceLine('lo', 5, 5) + interfaceLine('eth0', 100, 10)
    const after =
      HEAD +
      interfaceLine('lo', 900, 900) +
      interfaceLine('eth0', 350, 30) +
      interfaceLine('veth1', 7, 1)
    expect(networkUsage(before, after)).toEqual({ networkRxBytes: 257, networkTxBytes: 21 })
  })

  it('never goes below nothing, and knows nothing when a reading is missing', () => {
    const [full, empty] = [HEAD + interfaceLine('eth0', 100, 10), HEAD]
    expect(networkUsage(full, empty)).toEqual({ networkRxBytes: 0, networkTxBytes: 0 })
    const nothing = { networkRxBytes: undefined, networkTxBytes: undefined }
    expect(networkUsage('', full)).toEqual(nothing)
    expect(networkUsage(full, '')).toEqual(nothing)
  })

  it('ignores lines that are cut off', () => {
    const cut = HEAD + interfaceLine('eth0', 1, 2) + '  eth1: 500   3'
    expect(networkUsage(HEAD, cut)).toEqual({ networkRxBytes: 1, networkTxBytes: 2 })
  })
})
