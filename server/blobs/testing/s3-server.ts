import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { S3Settings } from '../s3-settings.js'

/** A real S3 server in a process of its own, with an empty bucket. */
export interface TestS3 {
  readonly settings: S3Settings
  stop(): Promise<void>
}

/** Starts s3rver. */
export async function startS3(): Promise<TestS3> {
  const directory = await mkdtemp(join(tmpdir(), 'sandpiper-s3-'))
  const args = [join(__dirname, 's3rver.mjs'), directory, 'logs']
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const settings = {
    url: said.toString().trim(),
    bucket: 'logs',
    region: 'us-east-1',
    keyId: 'S3RVER',
    secret: 'S3RVER',
    prefix: 'some/where/',
    pathStyle: true,
    backoffMs: 5,
  }
  return {
    settings,
    async stop() {
      const exited = once(child, 'exit')
      child.stdin.end()
      await exited
      await rm(directory, { recursive: true })
    },
  }
}
