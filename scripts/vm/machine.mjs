import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { which } from '../lib/run.mjs'

const MEMORY_MIB = 4096
/** Memory for the code that the emulator has translated, in MiB: JavaScript engines make a lot of it. */
const TRANSLATED_MIB = 1024

/**
 * Boots the guest and runs it to its end. The first serial port is the console, kept in a file; what comes
 * from the second goes to `onLine` line by line. Writes to the disk are thrown away with the machine.
 * @returns what ended it: `off` (by itself), `time` (it took more than `limitMs`), or a message of qemu
 */
export function runMachine({ kernel, initramfs, disk, console, limitMs, onLine }) {
  // Ends with us, however we end.
  const argv = ['--pdeathsig', 'KILL', which('qemu-system-x86_64'), ...hardware(disk)]
  const boot = ['-kernel', kernel, '-initrd', initramfs, '-append', commandLine()]
  const ports = ['-serial', `file:${console}`, '-serial', 'stdio']
  const child = spawn(which('setpriv'), [...argv, ...boot, ...ports], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  createInterface({ input: child.stdout }).on('line', onLine)
  return new Promise((resolve) => {
    let problem = ''
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, limitMs)
    child.stderr.on('data', (chunk) => (problem += chunk))
    child.on('error', (error) => (problem += error.message))
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve(isLate ? 'time' : code === 0 ? 'off' : problem.trim() || `exit code ${code}`)
    })
  })
}

/** Software emulation with a thread for each of the two processors: there need be no KVM. */
function hardware(disk) {
  return [
    ...['-accel', `tcg,thread=multi,tb-size=${TRANSLATED_MIB}`],
    ...['-machine', 'q35', '-cpu', 'max,la57=off', '-smp', '2', '-m', String(MEMORY_MIB)],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-monitor', 'none'],
    ...['-drive', `file=${disk},format=raw,if=none,id=disk,snapshot=on`],
    ...['-device', 'nvme,drive=disk,serial=disk'],
  ]
}

/** A panic ends the machine at once; guards against leaky processors only cost time in an emulation. */
function commandLine() {
  return 'console=ttyS0 panic=-1 mitigations=off nokaslr no_timer_check quiet'
}

/** The end of what the guest said on its console. */
export function consoleEnd(file, lines) {
  const text = readFileSync(file, 'utf8').replaceAll('\r', '').trimEnd()
  return text.split('\n').slice(-lines).join('\n')
}
