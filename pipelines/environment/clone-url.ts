/** How a clone URL may be shown to steps. */
export interface ShownUrls {
  readonly remote: string
  readonly http: string | undefined
  readonly ssh: string | undefined
}

/**
 * Takes the credentials out of an http(s) clone URL: they are for the checkout only. The user of an
 * ssh URL (`git@`) is no credential, a password in it is.
 */
export function shownUrls(cloneUrl: string): ShownUrls {
  const url = URL.canParse(cloneUrl) ? new URL(cloneUrl) : undefined
  if (url === undefined) {
    const isScpLike = /^[^/:]+:/.test(cloneUrl)
    return { remote: cloneUrl, http: undefined, ssh: isScpLike ? cloneUrl : undefined }
  }
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
  const shown = withoutCredentials(cloneUrl, url, isHttp)
  return {
    remote: shown,
    http: isHttp ? shown : undefined,
    ssh: url.protocol === 'ssh:' ? shown : undefined,
  }
}

function withoutCredentials(cloneUrl: string, url: URL, isHttp: boolean): string {
  if (url.password === '' && (url.username === '' || !isHttp)) return cloneUrl
  const bare = new URL(url)
  bare.password = ''
  if (isHttp) bare.username = ''
  return bare.href
}
