/** `USER:PASSWORD` (also an e-mail address with an API token) is Basic, all other tokens are Bearer. */
export function bitbucketAuthorization(token: string): string {
  if (!token.includes(':')) return `Bearer ${token}`
  return `Basic ${Buffer.from(token).toString('base64')}`
}
