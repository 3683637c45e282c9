import { expect, it } from '@jest/globals'
import { flaw } from './judge.js'

const REQUEST = { method: 'GET', target: '/', headers: [], body: Buffer.alloc(0) }
const PROBLEM = { 'content-type': 'application/problem+json; charset=utf-8' }
const TEXT = JSON.stringify({ status: 404, code: 'SP_HTTP_NOT_FOUND', detail: '' })

it.each([
  ['no answer', 0, {}, ''],
  ['500', 500, PROBLEM, TEXT],
  ['no problem document', 404, { 'content-type': 'text/html' }, TEXT],
  ['another status', 400, PROBLEM, TEXT],
  ['no JSON', 404, PROBLEM, '<html>'],
  ['a header of the request', 200, { 'x-injected': 'yes' }, ''],
])('an answer with %s has a flaw', (_what, status, headers, body) => {
  const answer = { status, headers: new Map(Object.entries(headers)), body }
  expect(flaw(REQUEST, answer)).not.toBeNull()
})

it('an answer with a problem, or what was asked for, has none', () => {
  const headers = new Map(Object.entries(PROBLEM))
  expect(flaw(REQUEST, { status: 404, headers, body: TEXT })).toBeNull()
  expect(flaw(REQUEST, { status: 200, headers: new Map(), body: 'anything' })).toBeNull()
})
