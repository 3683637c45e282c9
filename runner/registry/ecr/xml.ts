const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'" },
}

/**
 * Text of the first element of that name, in the answers of STS: these have no attributes, comments or CDATA
 * where there is text. Null where there is none.
 */
export function xmlText(xml: string, name: string): string | null {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  if (text === undefined) return null
  return text.replace(/&(#?\w{1,8});/g, (whole, entity: string) => ENTITIES[entity] ?? whole).trim()
}
