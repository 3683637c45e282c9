/** V8 copies parts of strings that are shorter (SlicedString::kMinLength). */
const VIEW_CHARACTERS_MIN = 13

/**
 * The same text (bytes as latin1) in memory of its own. Parts of a string are views that keep the whole of it:
 * a name that is kept would keep all of the header, of up to a megabyte, that it was cut out of.
 */
export function ownText(text: string): string {
  if (text.length < VIEW_CHARACTERS_MIN) return text
  return Buffer.from(text, 'latin1').toString('latin1')
}
