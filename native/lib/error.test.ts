import { describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { errnoName, fromAddon, fromNode, NativeError, systemError } from './error.js'

describe('systemError', () => {
  it('names the call, its object and the errno', () => {
    const error = systemError({ errno: 22, syscall: 'mount overlay', path: '/u' })
    expect(error).toBeInstanceOf(NativeError)
    expect(error).toMatchObject({ code: 'EINVAL', errno: 22, syscall: 'mount overlay', path: '/u' })
    expect(error.message).toBe('mount overlay on /u: EINVAL')
  })
})

describe('errnoName', () => {
  it('knows those that libuv does not', () => {
    expect([1, 2, 40, 74, 9999].map(errnoName)).toEqual([
      'EPERM',
      'ENOENT',
      'ELOOP',
      'EBADMSG',
      'errno 9999',
    ])
  })
})

describe('fromNode and fromAddon', () => {
  it('turn failed calls into errors of ours', async () => {
    const error = await readFile('/no/such').catch((cause: unknown) => fromNode(cause))
    expect((error as Error).message).toBe('open on /no/such: ENOENT')
    const raw = Object.assign(new Error('x'), { errno: 13, syscall: 'open', path: '/p' })
    expect((fromAddon(raw) as Error).message).toBe('open on /p: EACCES')
  })

  it('leave everything else as it is', () => {
    for (const other of [new TypeError('x'), 'text', null, undefined, { errno: 'E' }]) {
      expect(fromNode(other)).toBe(other)
      expect(fromAddon(other)).toBe(other)
    }
  })
})
