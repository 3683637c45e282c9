import type { IncomingMessage } from 'node:http'
import type { Proper } from './hostile-turn.js'

/**
 * Uploads as the distribution specification has them, kept in memory: what came before a connection broke
 * stays, and a piece has to begin where the one before ended.
 */
export class HostileUploads {
  readonly #uploads = new Map<string, { readonly chunks: Buffer[]; size: number }>()

  /** @param store keeps a whole blob and tells its digest. @returns null for what is no upload */
  async answer(request: IncomingMessage, store: (bytes: Buffer) => string): Promise<Proper | null> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const match = /^(\/v2\/.+\/blobs\/uploads\/)([^/]*)$/.exec(url.pathname)
    if (!match) return null
    const [, base = '', id = ''] = match
    if (request.method === 'POST') return this.#begin(base)
    const upload = this.#uploads.get(id)
    if (!upload) return plain(404)
    if (request.method === 'GET') return at(204, url.pathname, upload.size)
    const from = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '')?.[1]
    if (from !== undefined && Number(from) !== upload.size) return plain(416)
    for await (const chunk of request) {
      upload.chunks.push(chunk as Buffer)
      upload.size += (chunk as Buffer).length
    }
    if (request.method === 'PATCH') return at(202, url.pathname, upload.size)
    if (store(Buffer.concat(upload.chunks)) !== url.searchParams.get('digest')) return plain(400)
    this.#uploads.delete(id)
    return plain(201)
  }

  #begin(base: string): Proper {
    const id = `upload-${String(this.#uploads.size + 1)}`
    this.#uploads.set(id, { chunks: [], size: 0 })
    return at(202, `${base}${id}`, 0)
  }
}

function at(status: number, location: string, size: number): Proper {
  const range = `0-${String(Math.max(0, size - 1))}`
  return { status, headers: { location, range }, body: Buffer.alloc(0) }
}

function plain(status: number): Proper {
  return { status, headers: {}, body: Buffer.alloc(0) }
}
