/** Address to give to a forge for a repo's webhooks; `slug` is `owner/name`. */
export function hookLink(publicUrl: string, forge: string, slug: string): string {
  return `${publicUrl.replace(/\/+$/, '')}/hooks/${forge}?repo=${slug}`
}

/** A place on a build's page: the page itself, or one of its steps. */
export interface BuildPlace {
  /** `owner/name`. */
  readonly slug: string
  readonly number: number
  /** Numbers of stage and step, from 1. */
  readonly step?: { readonly stage: number; readonly step: number }
}

/**
 * Address of a build's page, or of a step's on it; the paths are Drone's. Forges, chats and mails keep such links:
 * they must stay.
 */
export function pageLink(publicUrl: string, { slug, number, step }: BuildPlace): string {
  const page = `${publicUrl.replace(/\/+$/, '')}/${slug}/${number}`
  return step ? `${page}/${step.stage}/${step.step}` : page
}
