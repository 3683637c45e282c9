import { constants } from 'node:os'

/** Whether a text names a signal, by name with or without SIG, or by number (signal(7)). */
export function isSignal(text: string): boolean {
  if (/^\d{1,2}$/.test(text)) return Number(text) >= 1 && Number(text) <= 64
  const name = text.toUpperCase().replace(/^SIG/, '')
  if (/^RTM(?:IN(?:\+\d{1,2})?|AX(?:-\d{1,2})?)$/.test(name)) return true
  return `SIG${name}` in constants.signals
}
