import { describe, expect, it } from '@jest/globals'
import { makeJob, service, step } from '../testing/stages.js'
import { planNetwork } from './plan-network.js'

const planOf = (steps: Parameters<typeof makeJob>[0], isTaken?: (network: string) => boolean) =>
  planNetwork(makeJob(steps).stage, isTaken)

describe('planNetwork', () => {
  it('gives an address to services, detached steps and steps with an allow-list', () => {
    const { members, isUsed } = planOf([
      service('db', []),
      step('test', []),
      step('watch', [], { detach: true }),
      step('fetch', [], { network: { allow: ['example.com'] } }),
      service('alone', [], { network: 'none' }),
    ])
    expect(isUsed).toBe(true)
    expect(members.map(({ step: name, address4, mac }) => [name, address4, mac])).toEqual([
      ['db', '10.213.120.2', '02:5a:6e:64:00:02'],
      ['watch', '10.213.120.3', '02:5a:6e:64:00:03'],
      ['fetch', '10.213.120.4', '02:5a:6e:64:00:04'],
    ])
    expect(members[2]!.allow).toEqual(['example.com'])
  })

  it('is of no use to steps without a network', () => {
    expect(planOf([step('a', [], { network: 'none' })]).isUsed).toBe(false)
    expect(planOf([step('a', []), step('b', [], { network: 'none' })]).isUsed).toBe(true)
  })

  it('gives each an address of its own, as many as fit, and says when they do not', () => {
    const services = Array.from({ length: 500 }, (_, index) => service(`s${index}`, []))
    const { members } = planOf(services)
    expect(new Set(members.map(({ address4 }) => address4)).size).toBe(500)
    expect(new Set(members.map(({ mac }) => mac)).size).toBe(500)
    expect(members.at(-1)!.address4).toBe('10.213.121.245')
    expect(() => planOf([...services, service('more', [])])).toThrow(/501 services/)
  })

  it('keeps clear of networks that the host has routes to', () => {
    const { subnets } = planOf([step('a', [])], (network) => network.startsWith('10.'))
    expect(subnets.all4).toBe('172.30.120.0/22')
    expect(planOf([step('a', [])], () => true).subnets.all4).toBe('10.213.120.0/22')
  })
})
