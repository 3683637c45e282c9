import { signBody } from '../../../protocol/git-hook.js'
import type { SignatureScheme } from '../signature.js'

/** The header that proves that its sender knows the secret. */
export function proofFor(
  scheme: SignatureScheme,
  secret: string,
  body: Buffer | string,
): Record<string, string> {
  const [name = ''] = scheme.headers
  const signature = signBody(secret, body)
  const values = [signature, signature.replace('sha256=', ''), secret]
  const bytes = Buffer.from(body)
  const value = values.find((one) => {
    const claim = scheme.claim(one, name)
    return claim !== null && scheme.matches(secret, bytes, claim)
  })
  return { [name]: value ?? '' }
}
