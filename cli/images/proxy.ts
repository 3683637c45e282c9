import type { ProxyConfig } from '../../runner/registry/types.js'
import type { CommandContext } from '../command.js'
import { proxyUrl } from '../config/values.js'
import { usageError } from '../errors.js'

interface Sources {
  readonly io: Pick<CommandContext['io'], 'env'>
  readonly settings: Pick<CommandContext['settings'], 'registryProxy' | 'registryNoProxy'>
}

/**
 * The proxy for registries: the settings, or what the environment tells all programs. Nothing for none.
 * @throws CliError SP_CLI_USAGE for one of the environment that is no HTTP proxy
 */
export function proxyOf({ io, settings }: Sources): { readonly proxy?: ProxyConfig } {
  const noProxy = settings.registryNoProxy ?? listed(io.env['NO_PROXY'] || io.env['no_proxy'])
  if (noProxy.includes('*')) return {}
  const url = settings.registryProxy ?? ofEnvironment(io.env)
  return url === null ? {} : { proxy: { url, noProxy } }
}

/** As other programs read it: without a scheme it is an `http://` one. */
function ofEnvironment(env: Sources['io']['env']): string | null {
  const name = ['HTTPS_PROXY', 'https_proxy'].find((one) => (env[one] ?? '') !== '')
  if (name === undefined) return null
  const text = (env[name] ?? '').trim()
  const parsed = proxyUrl.parse(text.includes('://') ? text : `http://${text}`)
  if ('value' in parsed) return parsed.value
  throw usageError(
    `${name} of the environment is no proxy for registries: it ${parsed.problem}`,
    'name another one in SANDPIPER_REGISTRY_PROXY, or set SANDPIPER_REGISTRY_NO_PROXY=* to do without',
  )
}

/** What is no host is left to those who know it. */
function listed(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[,\s]+/).filter((one) => one !== '')
}
