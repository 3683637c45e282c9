import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** NIST SP 800-38D, 8.2.2: 96-bit random nonces are safe for 2^32 messages under one key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** AES-256-GCM: nonce, tag and text, in one. The context is authenticated with the text, not stored. */
export function encrypt(key: Buffer, plain: Buffer, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body])
}

/** @throws Error when key, context or data do not fit */
export function decrypt(key: Buffer, data: Buffer, context: string): Buffer {
  if (data.length < NONCE_BYTES + TAG_BYTES) throw new Error('it is cut short')
  const nonce = data.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(data.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
  const body = decipher.update(data.subarray(NONCE_BYTES + TAG_BYTES))
  return Buffer.concat([body, decipher.final()])
}
