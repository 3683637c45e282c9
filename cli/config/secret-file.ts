import { readFileSync } from 'node:fs'
import { messageOf } from '../../protocol/errors.js'
import type { Parsed } from './values.js'

/** Name of the variable with the path of a file that has the value of a secret setting. */
export function fileVariable(env: string): string {
  return `${env}_FILE`
}

const LENGTH_MAX = 64 * 1024

/**
 * The content of a file that holds one secret, without the line's end: an editor adds one, and a secret
 * manager, systemd's credentials among them, may.
 */
export function readSecretFile(path: string): Parsed<string> {
  try {
    const value = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (value.length <= LENGTH_MAX && value !== '') return { value }
    return { problem: value === '' ? 'the file is empty' : 'the file is too large for a secret' }
  } catch (error) {
    return { problem: `can't be read: ${messageOf(error)}` }
  }
}
