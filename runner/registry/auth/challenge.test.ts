import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseChallenges } from './challenge.js'

test('A bearer challenge has its realm, service and scope', () => {
  const header =
    'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"'
  expect(parseChallenges(header)).toEqual([
    {
      scheme: 'bearer',
      parameters: {
        realm: 'https://auth.example/token',
        service: 'registry.example',
        scope: 'repository:a/b:pull,push',
      },
    },
  ])
})

test('Several challenges may stand in one header, divided by commas like their parameters', () => {
  const header =
    'Negotiate, Basic realm="a \\"quoted\\", realm" , BEARER Realm = "x",service=y, Custom abc=='
  expect(parseChallenges(header)).toEqual([
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'basic', parameters: { realm: 'a "quoted", realm' } },
    { scheme: 'bearer', parameters: { realm: 'x', service: 'y' } },
    { scheme: 'custom', parameters: {} },
  ])
})

test('What comes before nonsense counts', () => {
  expect(parseChallenges('Basic realm="x", "')).toEqual([
    { scheme: 'basic', parameters: { realm: 'x' } },
  ])
  expect(parseChallenges('')).toEqual([])
})

test('The first of two parameters of one name counts', () => {
  expect(parseChallenges('Bearer realm="a",realm="b"')[0]?.parameters).toEqual({ realm: 'a' })
})

test('No header takes long or throws', () => {
  const piece = fc.constantFrom('Bearer ', 'realm=', '"', '\\', ',', ' ', 'x', '=', 'abc==')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 400 }), (pieces) => {
      expect(parseChallenges(pieces.join('')).length).toBeLessThanOrEqual(16)
    }),
  )
  // What took quadratic time would not end before the test's own time is up.
  const size = 4_000_000
  expect(parseChallenges(`Bearer ${'a,'.repeat(size)}"${'\\'.repeat(size)}`).length).toBeLessThan(
    17,
  )
})
