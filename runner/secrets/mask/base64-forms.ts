/** Characters that a part of base64 has at least, to be told from other text. */
const LENGTH_MIN = 5

/**
 * The base64 of whatever text has these bytes in it: three for the three places at which they may start, each
 * without the characters that the bytes around it have a share in; and what they are by themselves, with an end of line
 * behind them or without. Both alphabets of RFC 4648.
 */
export function base64Forms(bytes: Buffer): readonly string[] {
  const withNewline = Buffer.concat([bytes, Buffer.from('\n')])
  const whole = [bytes, withNewline].flatMap((one) => {
    const text = one.toString('base64')
    return [text, text.replace(/=+$/, '')]
  })
  const forms = [...[0, 1, 2].map((shift) => inner(bytes, shift)), ...whole]
  const long = forms.filter((form) => form.length >= LENGTH_MIN)
  return [...long, ...long.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))]
}

/** The characters that follow from the bytes alone when `shift` others stand before them in their group. */
function inner(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  const first = Math.ceil((shift * 8) / 6)
  const end = Math.floor(((shift + bytes.length) * 8) / 6)
  return text.slice(first, end)
}
