import type { Scope, Setting } from './settings.js'
import { addresses, destinations, oneOf } from './values.js'

const STEPS: readonly Scope[] = ['standalone', 'runner', 'exec']

/** What steps reach outside. */
export const NETWORK_SETTINGS = {
  network: define({
    env: 'SANDPIPER_NETWORK',
    flag: 'network',
    type: oneOf(['uplink', 'isolated']),
    default: 'uplink',
    description:
      '`uplink`: steps reach the outside, by pasta; `isolated`: they reach only the services of their pipeline',
    scopes: [...STEPS, 'doctor'],
  }),
  networkAllow: define({
    env: 'SANDPIPER_NETWORK_ALLOW',
    flag: 'network-allow',
    type: destinations,
    defaultText: 'everything but the host itself',
    description:
      'All that steps may reach outside, `host,host:port,10.0.0.0/8`: repos and pipelines can only ask for less',
    scopes: STEPS,
  }),
  networkDns: define({
    env: 'SANDPIPER_NETWORK_DNS',
    flag: 'network-dns',
    type: addresses,
    defaultText: "the host's /etc/resolv.conf",
    description: 'Addresses of the name servers that steps ask, which may be on the host itself',
    scopes: STEPS,
  }),
} as const

function define<T>(setting: Setting<T>): Setting<T> {
  return setting
}
