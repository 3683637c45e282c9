import type { UsageSample } from './types.js'

export type NetworkUsage = Pick<UsageSample, 'networkRxBytes' | 'networkTxBytes'>

/** Columns of a line of /proc/PID/net/dev (proc_pid_net(5)): 8 of what was received, 8 of what was sent. */
const COLUMNS = 16
const SENT_COLUMN = 8

/** What went through interfaces between two readings of /proc/PID/net/dev; nothing is known when one is ''. */
export function networkUsage(before: string, after: string): NetworkUsage {
  if (before !== '' && before === after) return { networkRxBytes: 0, networkTxBytes: 0 }
  const [from, to] = [countBytes(before), countBytes(after)]
  if (from === null || to === null) return { networkRxBytes: undefined, networkTxBytes: undefined }
  // An interface that is gone takes its counts with it.
  return {
    networkRxBytes: Math.max(0, to.rx - from.rx),
    networkTxBytes: Math.max(0, to.tx - from.tx),
  }
}

function countBytes(text: string): { readonly rx: number; readonly tx: number } | null {
  if (text === '') return null
  let [rx, tx] = [0, 0]
  for (const line of text.split('\n')) {
    const [name, counts] = line.split(':')
    const columns = counts?.trim().split(/ +/) ?? []
    if (name?.trim() === 'lo' || columns.length !== COLUMNS) continue
    rx += Number(columns[0])
    tx += Number(columns[SENT_COLUMN])
  }
  return { rx, tx }
}
