/**
 * An independent, strict reader of the bytes that browsers get, as the deployed clients read them: lines end with LF
 * alone, an event is `id:`, `event:` and ONE `data:` line in this order. It throws at anything else, so it also finds
 * errors that a lenient WHATWG parser forgives: a CR, a second data line, a missing blank line, broken UTF-8.
 */
export interface SseFrame {
  /** Absent on heartbeats only. */
  readonly id: string | undefined
  readonly event: string
  readonly data: string
}

const value = (line: string | undefined, field: string): string => {
  if (line === undefined || !line.startsWith(`${field}: `)) {
    throw new Error(`expected a ${field} line, found ${JSON.stringify(line)}`)
  }
  return line.slice(field.length + 2)
}

const parseBlock = (block: string): SseFrame => {
  const lines = block.split("\n")
  const heartbeat = lines[0]?.startsWith("event: heartbeat") ?? false
  const [id, event, data, ...more] = heartbeat ? [undefined, ...lines] : lines
  if (more.length > 0) throw new Error(`one line too many: ${JSON.stringify(more)}`)
  return {
    id: heartbeat ? undefined : value(id, "id"),
    event: value(event, "event"),
    data: value(data, "data"),
  }
}

/** The first write of a stream; the first event follows without a blank line. */
const opening = /^: open\nid: [0-9a-f-]{36}:\d+\n/

/** The events of a whole stream, without its opening. */
export const parseStrict = (bytes: Uint8Array): ReadonlyArray<SseFrame> => {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes).replace(opening, "")
  if (/[\r\0]/.test(text)) throw new Error("a raw CR or NUL")
  if (text !== "" && !text.endsWith("\n\n")) throw new Error("the last event is not closed by a blank line")
  return text.split("\n\n").slice(0, -1).map(parseBlock)
}
