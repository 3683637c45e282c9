import type { NetworkConfig } from '../../runner/network/stage-network.js'
import type { SettingValues } from './settings.js'

/** What the settings say about the networks of stages. */
export function networkOf({ network, networkAllow, networkDns }: SettingValues): NetworkConfig {
  return {
    mode: network === 'isolated' ? 'isolated' : 'uplink',
    ...(networkAllow === undefined ? {} : { allow: networkAllow }),
    ...(networkDns === undefined ? {} : { dns: networkDns }),
  }
}
