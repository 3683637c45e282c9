import { expect, test } from '@jest/globals'
import { mergeScopes, scopesFor } from './scopes.js'

test('A push asks for pull too, and for pull of the repository that a blob is mounted from', () => {
  expect(scopesFor('a', 'pull')).toEqual(['repository:a:pull'])
  expect(scopesFor('a', 'push', 'b')).toEqual(['repository:a:pull,push', 'repository:b:pull'])
})

test('Scopes of one resource become one', () => {
  const scopes = [
    'repository:a:pull',
    'repository:b:pull',
    '',
    'repository:a:pull,push',
    'nonsense',
  ]
  expect(mergeScopes(scopes)).toEqual(['repository:a:pull,push', 'repository:b:pull'])
})
