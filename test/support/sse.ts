/** One server-sent event. */
export interface ServerEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** Reads an event stream until the server ends it. */
export async function readEvents(
  url: string,
  token: string,
  lastEventId?: string,
): Promise<ServerEvent[]> {
  const answer = await fetch(url, {
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
  })
  const blocks = (await answer.text()).split('\n\n')
  return blocks.flatMap((block) => {
    const fields = new Map(
      block
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith(':'))
        .map((line) => line.split(/: ?(.*)/s, 2) as [string, string]),
    )
    if (fields.size === 0) return []
    return [
      {
        id: fields.get('id') ?? '',
        event: fields.get('event') ?? 'message',
        data: fields.get('data') ?? '',
      },
    ]
  })
}
