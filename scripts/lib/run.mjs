import { spawn, spawnSync } from 'node:child_process'
import { SetupError } from './report.mjs'

const LOG_BYTES_MAX = 256 * 1024

/** Runs a program to its end, output collected: `{code, output}`. Code 127 when it isn't there. */
export function run(program, args, { cwd, env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: env ? { ...process.env, ...env } : process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const collect = (chunk) => {
      output = (output + chunk).slice(-LOG_BYTES_MAX)
    }
    child.stdout.on('data', collect)
    child.stderr.on('data', collect)
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}\n` }))
    child.on('close', (code, signal) => resolve({ code: code ?? 128, output, signal }))
  })
}

/** Runs a program that has to succeed. @throws SetupError with the end of its output */
export async function must(program, args, { hint = '', what, ...options } = {}) {
  const result = await run(program, args, options)
  if (result.code === 0) return result.output
  const command = [program, ...args].join(' ')
  const end = result.signal
    ? `was ended by ${result.signal}`
    : `failed with exit code ${result.code}`
  throw new SetupError(`${what ?? `\`${command}\``} ${end}`, {
    hint: hint || `run it by hand to see more: ${command}`,
    log: result.output,
  })
}

/** Where a program is on the PATH, or in the system directories that an ordinary user's PATH lacks. */
export function which(program) {
  const found = spawnSync('/bin/sh', ['-c', 'command -v -- "$1"', 'sh', program], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` },
  })
  return found.status === 0 ? found.stdout.trim() : ''
}
