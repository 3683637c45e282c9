import { FORMATS } from '../hooks/formats.js'
import { hookLink } from '../links.js'
import type { HttpContext } from './app-types.js'

type Public = Pick<HttpContext, 'publicUrl'>

/** Addresses to give to the senders of a repo's webhooks, by kind of sender. */
export function hookLinks(context: Public, slug: string): Readonly<Record<string, string>> {
  const entry = ({ forge }: (typeof FORMATS)[number]) =>
    [forge, hookLink(context.publicUrl(), forge, slug)] as const
  return Object.fromEntries(FORMATS.map(entry))
}

/** Origin (RFC 6454) of an address, as browsers send it. */
export function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : address
}
