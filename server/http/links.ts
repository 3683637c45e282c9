import type { HttpContext } from './app-types.js'

type Public = Pick<HttpContext, 'publicUrl'>

/** Addresses to give to the senders of a repo's webhooks. */
export function hookLinks(
  context: Public,
  slug: string,
): { readonly git: string; readonly github: string } {
  const hook = (forge: string) => `${context.publicUrl()}/hooks/${forge}?repo=${slug}`
  return { git: hook('git'), github: hook('github') }
}

/** Origin (RFC 6454) of an address, as browsers send it. */
export function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : address
}
