import type { BuildEventName } from '../../event.js'

const WORDS: Partial<Record<BuildEventName, string>> = {
  custom: 'manual',
  promote: 'deployment',
  rollback: 'deployment',
}

/** An event as Woodpecker calls it. */
export function woodpeckerEvent(event: BuildEventName): string {
  return WORDS[event] ?? event
}
