import { type BuildEvent, OPTIONAL_EVENTS } from '../../pipelines/event.js'
import type { Repo } from '../services.js'
import type { EventReading } from './reading.js'
import { together } from './reading.js'

/** What is left of a reading when the repo's settings have had their say. */
export function obeySettings(repo: Repo, reading: EventReading): EventReading {
  if (reading.events.length === 0) return reading
  return together(
    reading.events.map((event) => {
      const reason = whyNot(repo, event)
      return reason === '' ? { events: [event], reason } : { events: [], reason }
    }),
  )
}

function whyNot(repo: Repo, event: BuildEvent): string {
  if (event.event.startsWith('pull_request')) {
    if (repo.ignore_pull_requests === 1) return 'the repo is set to build no pull requests'
    if (repo.ignore_forks === 1 && event.sourceRepo !== '') {
      return 'the repo is set to build no pull requests of forks'
    }
  }
  if (!OPTIONAL_EVENTS.includes(event.event)) return ''
  if (repo.optional_events.split(' ').includes(event.event)) return ''
  const what = event.action === '' ? event.event : `${event.event} (${event.action})`
  return `the event ${what} is built by repos whose pipeline files name it; as of its last build, this one's do not`
}
