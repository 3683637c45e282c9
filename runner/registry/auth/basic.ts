/** Value of the Authorization header for a user and password (RFC 7617). */
export function basicHeader(login: {
  readonly username: string
  readonly password: string
}): string {
  return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
}
