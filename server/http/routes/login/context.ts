import { Type } from 'typebox'
import type { HttpContext } from '../../app-types.js'
import type { Cookies } from '../../cookies.js'

/** What the routes of signing in work with. */
export interface LoginContext extends HttpContext {
  readonly cookies: Cookies
}

/** Where the browser wants to afterwards: a path of this server; anything else counts as none. */
export const ReturnQuery = Type.Object({
  return: Type.Optional(Type.String({ maxLength: 2_000 })),
})

/** `/login/:forge`. */
export const ForgeParams = Type.Object({ forge: Type.String({ maxLength: 40 }) })

/** Address at which a forge sends the browser back; it stands in the settings of the forge's OAuth2 application. */
export function redirectUri({ publicUrl }: Pick<HttpContext, 'publicUrl'>, forge: string): string {
  return `${publicUrl()}/login/${forge}/callback`
}
