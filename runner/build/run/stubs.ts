import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { giveTree } from '../../give-tree.js'
import type { ImageFiles } from '../../stage/image-files.js'

/** What the launcher mounts on in every sandbox. */
const ALWAYS = ['/proc', '/sys', '/dev', '/run/sandpiper']

export interface StubOptions {
  /** Absolute paths inside on which something is mounted. */
  readonly directories: readonly string[]
  readonly files: readonly string[]
  readonly image: ImageFiles
  /** Id that files have on disk which are root's in a stage. */
  readonly rootOnDisk: number
}

/**
 * A layer for the very bottom of a root that has all that is mounted on, so that mounting leaves nothing in
 * the writable layer, which is to become a layer of an image.
 * @returns the directory
 */
export async function makeStubs(directory: string, options: StubOptions): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  await chmod(directory, 0o755)
  for (const inside of [...ALWAYS, ...options.directories]) {
    await makePath(await place(directory, inside, options.image))
  }
  for (const inside of options.files) {
    const target = await place(directory, inside, options.image)
    await makePath(path.dirname(target))
    await writeFile(target, '', { mode: 0o644 })
  }
  if (options.rootOnDisk !== 0) await giveTree(directory, options.rootOnDisk)
  return directory
}

/** Where a path really is when the links of the image are followed; that is inside of the directory. */
async function place(directory: string, inside: string, image: ImageFiles): Promise<string> {
  const real = (await image.resolve(inside)) ?? inside
  return path.join(directory, path.posix.resolve('/', real))
}

async function makePath(target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o755 })
}

/** Where the files are that were written to a writable layer that is a directory. */
export function upperOf(layer: string): string {
  return path.join(layer, 'upper')
}
