import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { encrypt } from '../../protocol/cipher.js'
import { createSecretBox, openSecretBox, SEALED } from './box.js'
import { readOrCreatePrivateFile } from './create-once.js'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sandpiper-secrets-'))
})
afterEach(() => rm(directory, { recursive: true }))

const UNREADABLE = expect.objectContaining({ code: 'SP_SECRET_UNREADABLE' })

describe('the secret box', () => {
  it('gives back any text, and never the same sealed one twice', () => {
    const box = createSecretBox(randomBytes(32))
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, context) => {
        const sealed = box.seal(text, context)
        expect(box.open(sealed, context)).toBe(text)
        expect(box.seal(text, context)).not.toBe(sealed)
      }),
    )
  })

  it('opens for the right key and context only, and nothing that was changed', () => {
    const box = createSecretBox(randomBytes(32))
    const sealed = box.seal('hunter2', 'hook secret of o/n')
    expect(() => box.open(sealed, 'hook secret of o/m')).toThrow(UNREADABLE)
    expect(() => createSecretBox(randomBytes(32)).open(sealed, 'hook secret of o/n')).toThrow(
      UNREADABLE,
    )
    const parts = sealed.split(':')
    for (const part of [2, 3]) {
      const data = Buffer.from(parts[part]!, 'base64')
      for (let i = 0; i < data.length; i++) {
        const changed = Buffer.from(data)
        changed[i]! ^= 1
        const broken = parts.with(part, changed.toString('base64')).join(':')
        expect(() => box.open(broken, 'hook secret of o/n')).toThrow(UNREADABLE)
      }
    }
    for (const junk of ['', 'v1:', 'v2:x', `v1:${sealed.slice(3)}`, sealed.slice(0, 20)]) {
      expect(() => box.open(junk, 'hook secret of o/n')).toThrow(UNREADABLE)
    }
  })

  it('opens what was sealed before there were envelopes', () => {
    const key = randomBytes(32)
    const old = `v1:${encrypt(key, Buffer.from('hunter2'), 'c').toString('base64')}`
    expect(createSecretBox(key).open(old, 'c')).toBe('hunter2')
    expect(() => createSecretBox(key).open(old, 'd')).toThrow(UNREADABLE)
    expect(SEALED.test(old)).toBe(true)
    expect(SEALED.test(createSecretBox(key).seal('', ''))).toBe(true)
  })

  it('makes its key once, for its user only', async () => {
    const path = join(directory, 'server.key')
    const boxes = await Promise.all(Array.from({ length: 8 }, () => openSecretBox(path)))
    const sealed = boxes[0]!.seal('x', 'c')
    for (const box of boxes) expect(box.open(sealed, 'c')).toBe('x')
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readdir(directory)).toEqual(['server.key'])
  })

  it('refuses a key file that holds no key', async () => {
    const path = join(directory, 'server.key')
    await writeFile(path, 'short\n')
    await expect(openSecretBox(path)).rejects.toMatchObject({ code: 'SP_SECRET_KEY_INVALID' })
    expect(await readFile(path, 'utf8')).toBe('short\n')
  })
})

describe('a private file that is made once', () => {
  it('keeps the content that it had first', async () => {
    const path = join(directory, 'f')
    expect(await readOrCreatePrivateFile(path, () => 'one')).toBe('one')
    expect(await readOrCreatePrivateFile(path, () => 'two')).toBe('one')
  })
})
