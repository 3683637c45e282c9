import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { stageQueue } from './keys.js'

const LINUX = { os: 'linux', arch: 'amd64' }

describe('stageQueue', () => {
  it('names what it is for', () => {
    expect(stageQueue(LINUX)).toBe('stage-linux-amd64')
    expect(stageQueue({ os: 'linux', arch: 'arm', variant: 'v7' })).toBe(
      'stage-linux-arm-variant=v7',
    )
    expect(stageQueue({ ...LINUX, version: '1809' }, { gpu: 'yes', disk: 'ssd' })).toBe(
      'stage-linux-amd64-version=1809-label.disk=ssd-label.gpu=yes',
    )
  })

  it('is the same for what means the same', () => {
    const arm64 = { os: 'linux', arch: 'arm64' }
    expect(stageQueue({ ...arm64, variant: 'v8' })).toBe(stageQueue(arm64))
    expect(stageQueue({ ...LINUX, variant: '', version: '' }, {})).toBe(stageQueue(LINUX))
    expect(stageQueue(LINUX, { a: '1', b: '2' })).toBe(stageQueue(LINUX, { b: '2', a: '1' }))
  })

  it('wants the same labels, neither fewer nor more', () => {
    const names = [{}, { a: '1' }, { a: '2' }, { b: '1' }, { a: '1', b: '1' }, { a: '' }].map(
      (labels) => stageQueue(LINUX, labels),
    )
    expect(new Set(names).size).toBe(names.length)
  })

  it('is a good name of a queue for any text, and of one only', () => {
    const text = fc.oneof(fc.constantFrom('a', 'a-b', 'a=b', ':', '', 'x'.repeat(200)), fc.string())
    const asked = fc.record({
      platform: fc.record({ os: text, arch: text }),
      labels: fc.dictionary(text, text, { maxKeys: 3 }),
    })
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        const [name, otherName] = [one, other].map((it) => stageQueue(it.platform, it.labels))
        expect(name).toMatch(/^stage-[^:]{0,122}$/)
        const key = ({ platform, labels }: typeof one): unknown => [
          ...[platform.os, platform.arch],
          Object.keys(labels)
            .sort()
            .map((label) => [label, labels[label]]),
        ]
        const isSame = JSON.stringify(key(one)) === JSON.stringify(key(other))
        expect(name === otherName).toBe(isSame)
      }),
    )
  })
})
