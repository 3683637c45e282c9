import { expect, it } from '@jest/globals'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLayerStore } from './store.js'

it('refuses the layers of another root, which would be nobody’s in a stage', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sandpiper-owners-'))
  try {
    await openLayerStore(directory)
    await mkdir(join(directory, 'layers/sha256', 'a'.repeat(64)))
    await openLayerStore(directory)
    await writeFile(join(directory, 'owner.json'), '{"uid":700000000,"gid":700000000}')
    await expect(openLayerStore(directory)).rejects.toMatchObject({
      code: 'SP_LAYER_OWNER',
      message: expect.stringContaining('user id 700000000') as unknown,
    })
  } finally {
    await rm(directory, { recursive: true })
  }
})
