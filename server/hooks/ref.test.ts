import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { branchOf, isCommitId, isFullRef, isZeroId, tagOf } from './ref.js'

function gitAccepts(ref: string): boolean {
  return spawnSync('git', ['check-ref-format', ref]).status === 0
}

describe('isFullRef', () => {
  it.each([
    'refs/heads/main',
    'refs/heads/feature/a-b_c.d',
    'refs/tags/v1.0+build',
    'refs/heads/ünïcode',
    'refs/heads/@x',
    'refs/pull/7/head',
  ])('accepts %s', (ref) => expect(isFullRef(ref)).toBe(true))

  it.each([
    'main',
    'refs/heads/',
    'refs/heads/-x',
    'refs/heads/a/-x',
    'refs/heads/a..b',
    'refs/heads/a b',
    'refs/heads/.a',
    'refs/heads/a.lock',
    'refs/heads/a.lock/b',
    'refs/heads/a/',
    'refs/heads/a.',
    'refs/heads/a//b',
    'refs/heads/a@{b',
    'refs/heads/a\\b',
    'refs/heads/a\n',
    'refs/../x/y',
  ])('refuses %j', (ref) => expect(isFullRef(ref)).toBe(false))

  it('accepts nothing that git refuses', () => {
    const piece = fc.constantFrom('a', '/', '.', '..', '.lock', '@', '{', '~', '*', ' ', 'ü', '\\')
    const ref = fc
      .array(piece, { minLength: 1, maxLength: 8 })
      .map((p) => `refs/heads/${p.join('')}`)
    fc.assert(
      fc.property(ref, (text) => !isFullRef(text) || gitAccepts(text)),
      { numRuns: 150 },
    )
  })
})

describe('commit ids', () => {
  it('are 40 or 64 lower-case hex digits and not all zeros', () => {
    expect(isCommitId('ab'.repeat(20))).toBe(true)
    expect(isCommitId('ab'.repeat(32))).toBe(true)
    for (const text of ['', 'ab', 'AB'.repeat(20), '0'.repeat(40), `${'a'.repeat(40)}\n`]) {
      expect(isCommitId(text)).toBe(false)
    }
    expect(isZeroId('0'.repeat(64))).toBe(true)
    expect(isZeroId('0'.repeat(41))).toBe(false)
  })
})

it('tells branches from tags', () => {
  expect([branchOf('refs/heads/a/b'), branchOf('refs/tags/a')]).toEqual(['a/b', ''])
  expect([tagOf('refs/heads/a/b'), tagOf('refs/tags/a')]).toEqual(['', 'a'])
})
