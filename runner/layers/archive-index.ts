import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { decompress, detectCompression } from './compression.js'
import { invalidImage } from './errors.js'
import { ARCHIVE_ENTRIES_MAX, JSON_BYTES_MAX } from './limits.js'
import { padding } from './tar/entry.js'
import { fileInput } from './tar/input.js'
import { readEntry } from './tar/read.js'

/** Where the files of an uncompressed archive are. */
export interface ArchiveIndex {
  readonly path: string
  readonly file: FileHandle
  readonly members: ReadonlyMap<string, Member>
}

type Member =
  | { readonly kind: 'file'; readonly offset: number; readonly size: number }
  | { readonly kind: 'link'; readonly target: string }

/**
 * Lists an archive without reading its contents; null when it has more entries than an image archive
 * has, and so is something else.
 */
export async function indexArchive(path: string, file: FileHandle): Promise<ArchiveIndex | null> {
  const members = new Map<string, Member>()
  const input = fileInput(file)
  for (let count = 0; ; count += 1) {
    if (count > ARCHIVE_ENTRIES_MAX) return null
    const entry = await readEntry(input)
    if (entry === null) return { path, file, members }
    const name = clean(entry.path)
    if (entry.type === 'file' && entry.sparse === undefined) {
      members.set(name, { kind: 'file', offset: input.position(), size: entry.size })
    } else if (entry.type === 'symlink') {
      const directory = name.slice(0, name.lastIndexOf('/') + 1)
      members.set(name, { kind: 'link', target: clean(directory + entry.linkPath) })
    } else if (entry.type === 'link') {
      members.set(name, { kind: 'link', target: clean(entry.linkPath) })
    }
    await input.skip(entry.size + padding(entry.size))
  }
}

/** A member as JSON; null when there is none of that name or it is no JSON. */
export async function readMemberJson(index: ArchiveIndex, name: string): Promise<unknown> {
  const bytes = await readMember(index, name)
  if (bytes === null) return null
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return null
  }
}

/** A small member whole; null when there is none of that name. @throws SandpiperError SP_IMAGE_INVALID */
export async function readMember(index: ArchiveIndex, name: string): Promise<Buffer | null> {
  const found = find(index, name)
  if (found === null) return null
  if (found.size > JSON_BYTES_MAX) throw invalidImage(`${name} in the archive is too large`)
  const buffer = Buffer.alloc(found.size)
  await index.file.read(buffer, 0, found.size, found.offset)
  return buffer
}

/** Streams a member, uncompressed. @throws SandpiperError SP_IMAGE_INVALID when there is none */
export async function openMember(
  index: ArchiveIndex,
  name: string,
): Promise<AsyncIterable<Buffer>> {
  const found = find(index, name)
  if (found === null || found.size === 0) throw invalidImage(`${name} is not in the archive`)
  const compression = await detectCompression(index.file, found.offset)
  const range = { start: found.offset, end: found.offset + found.size - 1 }
  return decompress(createReadStream(index.path, range), compression)
}

function find(index: ArchiveIndex, name: string): { offset: number; size: number } | null {
  let member = index.members.get(clean(name))
  for (let links = 0; member?.kind === 'link' && links < 10; links += 1) {
    member = index.members.get(member.target)
  }
  return member?.kind === 'file' ? member : null
}

function clean(name: string): string {
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return parts.join('/')
}
