/** Reads the events of an SSE body. One decoder reads the whole stream, because a chunk may end inside a character. */
import { createParser, type EventSourceMessage } from "eventsource-parser"

/** `watch` guards each read: it fails when the read takes too long or is aborted. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  watch: <A>(read: Promise<A>) => Promise<A>,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let events: Array<EventSourceMessage> = []
  const parser = createParser({ onEvent: (event) => events.push(event) })
  for (;;) {
    const { done, value } = await watch(reader.read())
    if (done) return
    parser.feed(decoder.decode(value, { stream: true }))
    yield* events
    events = []
  }
}
