import { describe, expect, it } from '@jest/globals'
import { parseProbes } from './probes.js'

describe('parseProbes', () => {
  it('names the call that the kernel refused, and on what', () => {
    const text = 'overlay\t0\t\t\nid-mapped-mount\t22\tmount_setattr\t/tmp/probe\n'
    expect(parseProbes(text)).toMatchObject([
      { name: 'probe overlay', ok: true },
      {
        name: 'probe id-mapped-mount',
        ok: false,
        required: true,
        detail: 'mount_setattr on /tmp/probe: EINVAL',
        hint: expect.stringContaining('kernel') as unknown,
      },
    ])
  })
})
