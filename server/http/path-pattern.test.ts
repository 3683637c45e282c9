import { expect, it } from '@jest/globals'
import { matches, pathPattern } from './path-pattern.js'

it.each([
  ['/', '/', '/a'],
  ['/api/repos', '/api/repos', '/api/repos/'],
  ['/a.b/:c', '/a.b/c', '/axb/c'],
  ['/a/:b/c', '/a/%2f/c', '/a//c'],
  ['/a/:b.svg', '/a/b.svg', '/a/bxsvg'],
  ['/a/*', '/a/b/c', '/a'],
  ['/:owner(^(?!(?:api|hooks)$)[^/]+$)/:number(^[0-9]+$)', '/o/1', '/api/1'],
  ['/:owner(^(?!(?:api|hooks)$)[^/]+$)/:number(^[0-9]+$)', '/apis/1', '/o/x'],
])('%s takes %s and not %s', (url, yes, no) => {
  const pattern = pathPattern(url)
  expect([matches(pattern, yes), matches(pattern, no)]).toEqual([true, false])
})
