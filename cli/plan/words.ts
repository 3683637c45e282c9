import type { RunOn } from '../../pipelines/index.js'
import { cleanName } from '../terminal/log-lines.js'
import type { TreeNode } from './tree.js'

/** A line `name: value`, made safe to print; none when there is no value. */
export function detail(name: string, value: string | undefined): TreeNode[] {
  return value === undefined || value === '' ? [] : [{ text: cleanName(`${name}: ${value}`) }]
}

/** `A=1, B=2` */
export function pairs(values: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(values ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')
}

/** When something runs at all, where that is not on success alone. */
export function runsOn({ success, failure }: RunOn): TreeNode[] {
  if (!failure) return []
  return [{ text: success ? 'runs after a failure too' : 'runs after a failure only' }]
}

/** `1 command`, `3 commands` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
