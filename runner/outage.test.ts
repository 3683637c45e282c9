import { expect, it } from '@jest/globals'
import { Outage } from './outage.js'

it('tells of an outage once, and anew when it is another one', () => {
  const told: string[] = []
  const warn = ({ error }: { readonly error?: unknown }) => void told.push(String(error))
  const outage = new Outage({ warn }, 'away')
  const refused = new Error('connect ECONNREFUSED')
  for (const error of [refused, refused, new Error('LOADING'), refused]) outage.failed(error)
  expect(told).toEqual(['connect ECONNREFUSED', 'LOADING', 'connect ECONNREFUSED'])
  outage.ended()
  outage.failed(refused)
  expect(told).toHaveLength(4)
})
