import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseImageName } from '../layers/image-name.js'
import { imageFile, storePaths } from '../layers/store-files.js'
import { makeTar, type Made } from '../layers/testing/archives.js'
import type { Image, ImageConfig } from '../layers/types.js'
import { IMAGE, type TestHost } from './stages.js'

/** Adds an image to the store: busybox with a layer of those files on it and that configuration. */
export async function addImage(
  { directory, host }: TestHost,
  name: string,
  { files = [], ...config }: Partial<ImageConfig> & { readonly files?: readonly Made[] },
): Promise<void> {
  const archive = path.join(directory, 'layer.tar')
  await writeFile(archive, makeTar([{ path: 'etc', flag: '5' }, ...files]))
  const base = (await host.deps.layers.find(IMAGE)) as Image
  const { layers } = await host.deps.layers.importTar(name, archive)
  await rm(archive)
  const file = imageFile(storePaths(host.dataDir.layers), parseImageName(name).canonical)
  const image = JSON.parse(await readFile(file, 'utf8')) as Image
  const whole = {
    ...image,
    layers: [...base.layers, ...layers],
    config: { ...base.config, entrypoint: [], cmd: [], ...config },
  }
  await writeFile(file, JSON.stringify(whole))
}
