/** Of which family an address is, and how many bits it has; null for what is none (RFC 4291, 2.2). */
export function parseAddress(
  text: string,
): { readonly family: 4 | 6; readonly bits: number } | null {
  if (isIpv4(text)) return { family: 4, bits: 32 }
  return isIpv6(text) ? { family: 6, bits: 128 } : null
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return (
    parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  )
}

function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2 || !/^[0-9a-fA-F:.]+$/.test(text)) return false
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)?.at(-1) ?? ''
  const hasIpv4 = last.includes('.')
  if (hasIpv4 && !isIpv4(last)) return false
  const hex = groups.flat().slice(0, hasIpv4 ? -1 : undefined)
  if (!hex.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false
  const count = hex.length + (hasIpv4 ? 2 : 0)
  return halves.length === 2 ? count <= 7 : count === 8
}
