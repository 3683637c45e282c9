import { WordError } from './expand.js'

/** Ports that one EXPOSE may name. */
const PORTS_MAX = 1000

/** `80`, `53/udp` or `7000-7010` as the keys of a configuration: `80/tcp`. @throws WordError */
export function portsOf(word: string): string[] {
  const [, first, last, protocol = 'tcp'] =
    /^(?:[^/]*:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word) ?? []
  const from = Number(first)
  const to = last === undefined ? from : Number(last)
  if (first === undefined || from > 65535 || to > 65535 || to < from || to - from >= PORTS_MAX) {
    throw new WordError(`${JSON.stringify(word)} is no port such as 80, 53/udp or 7000-7010`)
  }
  const count = to - from + 1
  return Array.from({ length: count }, (_, at) => `${String(from + at)}/${protocol.toLowerCase()}`)
}
