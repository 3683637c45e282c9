import { SandpiperError } from '../../../protocol/errors.js'

/** One of Amazon's own names of regions; what is no such name gets into no host. */
const REGION = /^[a-z]{2,3}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/

const HOST = /^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/

/** Region of `ACCOUNT.dkr.ecr.REGION.amazonaws.com[.cn]`; null for another host. */
export function regionOf(host: string): string | null {
  const region = HOST.exec(host.toLowerCase())?.[1] ?? ''
  return REGION.test(region) ? region : null
}

/**
 * Where a service of Amazon's is asked.
 * @param elsewhere base URL of a stand-in for all of them
 * @throws SandpiperError SP_REGISTRY_SETTING
 */
export function serviceUrl(service: 'ecr' | 'sts', region: string, elsewhere?: string): URL {
  if (!REGION.test(region)) {
    throw new SandpiperError(
      'SP_REGISTRY_SETTING',
      `${JSON.stringify(region.slice(0, 40))} is no region of Amazon's`,
      { hint: 'Set `region` to one such as eu-west-1.' },
    )
  }
  if (elsewhere !== undefined) return new URL('/', elsewhere)
  const name = service === 'ecr' ? 'api.ecr' : service
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return new URL(`https://${name}.${region}.${domain}/`)
}
