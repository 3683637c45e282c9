// Watches one log with many sockets, each a viewer of its own kind, and tells what they saw wrong:
// `node viewers.mjs URL TOKEN VIEWERS LINES`. Prints `ready` when the first ones are connected, then one JSON line.
import { Agent, request } from 'node:http'

const [url, token, viewers, lines] = process.argv.slice(2)
const count = Number(viewers)
const total = Number(lines)
const agent = new Agent({ keepAlive: false, maxSockets: Infinity })
const problems = []

/** One connection from after the line `from` on; resolves with the last line that it saw. */
function watch(from, { slow, leaveAt, onOpen }) {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
    if (from > 0) headers['last-event-id'] = String(from)
    const call = request(url, { agent, headers })
    call.on('error', reject)
    call.on('response', (response) => {
      onOpen?.()
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`))
      let last = from
      let text = ''
      let ended = false
      response.setEncoding('latin1')
      response.on('data', (chunk) => {
        const blocks = (text + chunk).split('\n\n')
        text = blocks.pop()
        for (const block of blocks) {
          if (block.startsWith('event: end')) ended = true
          const id = /^id: (\d+)$/m.exec(block)?.[1]
          if (id === undefined || Number(id) <= last - 1) continue
          const { pos } = JSON.parse(block.slice(block.indexOf('data: ') + 6))
          if (Number(id) !== last + 1 || pos !== last) {
            problems.push(`line ${id} (pos ${pos}) after ${last}`)
          }
          last = Number(id)
          if (last === leaveAt) {
            response.destroy()
            return resolve({ last, ended })
          }
        }
        if (slow) {
          response.pause()
          setTimeout(() => response.resume(), 20)
        }
      })
      response.on('end', () => resolve({ last, ended }))
      response.on('error', () => resolve({ last, ended }))
    })
    call.end()
  })
}

async function viewer(index, onOpen) {
  const kind = ['plain', 'slow', 'late', 'resuming'][index % 10] ?? 'plain'
  if (kind === 'late') {
    onOpen()
    await lateIsNow
  }
  let seen = { last: 0, ended: false }
  if (kind === 'resuming') {
    for (const leaveAt of [Math.floor(total / 4), Math.floor(total / 2)]) {
      seen = await watch(seen.last, { slow: false, leaveAt, onOpen })
    }
  }
  seen = await watch(seen.last, { slow: kind === 'slow', leaveAt: -1, onOpen })
  if (seen.last !== total || !seen.ended) problems.push(`${kind} ${index}: ${JSON.stringify(seen)}`)
}

let comeLate
const lateIsNow = new Promise((resolve) => (comeLate = resolve))
process.stdin.once('data', () => comeLate())

let open = 0
let told = false
const all = Array.from({ length: count }, (_, index) =>
  viewer(index, () => {
    open += 1
    if (open >= count && !told) {
      told = true
      process.stdout.write('ready\n')
    }
  }).catch((error) => problems.push(`${index}: ${error.message}`)),
)
await Promise.all(all)
process.stdout.write(
  `${JSON.stringify({ count, problems: problems.slice(0, 10), wrong: problems.length })}\n`,
)
process.exit(0)
