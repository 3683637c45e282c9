/** Owner and name of a repo as they stand in a path of an API. */
export function pathOf(slug: string): string {
  return slug.split('/').map(encodeURIComponent).join('/')
}
