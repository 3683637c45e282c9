import { logKey } from '../../logs/log-store.js'
import { LogFeed } from './feed.js'
import type { FeedOptions, FeedViewer } from './feed.js'

/** The feeds of the logs that somebody follows: one a log. */
export class LogFeeds {
  readonly #feeds = new Map<string, LogFeed>()

  /** Joins the log's feed; it is there for as long as it has viewers. */
  join(options: FeedOptions, viewer: FeedViewer): LogFeed {
    const key = `${logKey(options.ref)} ${options.asked ?? ''}`
    const feed = this.#feeds.get(key) ?? new LogFeed(options)
    this.#feeds.set(key, feed)
    feed.add(viewer)
    return feed
  }

  /** Leaves it. */
  leave(feed: LogFeed, viewer: FeedViewer): void {
    feed.remove(viewer)
    if (feed.viewers > 0) return
    feed.stop()
    for (const [key, known] of this.#feeds) if (known === feed) this.#feeds.delete(key)
  }
}
