import { expect, it } from '@jest/globals'
import { Type } from 'typebox'
import { checkedAnswers } from './checked-serializer.js'

const schema = Type.Object({ inner: Type.Array(Type.Object({ a: Type.Integer() })) })
const route = { schema, method: 'GET', url: '/x', httpStatus: '200' }

it.each([
  ['a wrong type', { inner: [{ a: '1' }] }],
  ['a missing field', { inner: [{}] }],
  ['a field that the schema does not name', { inner: [{ a: 1, b: 2 }] }],
  ['a date, which is text when it is sent', { inner: [{ a: new Date(0) }] }],
])('notes and refuses an answer with %s', (_what, answer) => {
  const { compiler, differences } = checkedAnswers()
  expect(() => compiler(route)(answer)).toThrow('not as its schema says: GET /x 200')
  expect(differences).toHaveLength(1)
})

it('lets an answer pass as it is, without what is undefined', () => {
  const { compiler, differences } = checkedAnswers()
  expect(compiler(route)({ inner: [{ a: 1, b: undefined }] })).toBe('{"inner":[{"a":1}]}')
  expect(differences).toEqual([])
})
