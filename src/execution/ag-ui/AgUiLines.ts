/**
 * The lines of an answer before they are parsed: drops `RAW` events unread and limits the size of all others. Plain code,
 * one per response.
 *
 * Servers send `RAW` events, and `rawEvent` in others, by default. They repeat prompts, the history and the whole state,
 * megabytes for each token. So a `RAW` event is dropped while it arrives: it is not stored, parsed or logged.
 */

/** Characters of an event. Envoy and similar proxies treat a larger event as an attack, and valid events are far smaller. */
export const maxEventSize = 1024 * 1024
/** Characters of an event that repeats the conversation or the state. */
export const maxSnapshotSize = 16 * maxEventSize

/** A type is written within these characters of an event's start, except by an unusual server. */
const headLength = 256
/** The type, if no nested value is written before it. */
const typeIn = /^\s*\{[^{}[\]]*?"type"\s*:\s*"(\w+)"/
const rawField = '"rawEvent"'

export const typeOf = (data: string): string | undefined => typeIn.exec(data.slice(0, headLength))?.[1]

const isSnapshot = (type: string | undefined): boolean =>
  type === "RAW" || type === "STATE_SNAPSHOT" || type === "MESSAGES_SNAPSHOT"

/** The limit of a whole event. */
export const limitOf = (data: string): number =>
  isSnapshot(typeOf(data)) || data.slice(0, maxEventSize).includes(rawField) ? maxSnapshotSize : maxEventSize

const lineEnd = /[\r\n]/g

export interface Lines {
  /** The text without dropped lines. */
  readonly text: string
  /** An event is too large. */
  readonly tooLarge: boolean
}

export class AgUiLines {
  /** The beginning of the current line, until its type is known. */
  #head = ""
  #decided = false
  #drops = false
  #type: string | undefined
  #length = 0
  #hasRaw = false
  /** The last characters of the line, for a field name that is cut. */
  #tail = ""

  feed(text: string): Lines {
    let out = ""
    let at = 0
    while (at < text.length) {
      lineEnd.lastIndex = at
      const end = lineEnd.exec(text)?.index ?? text.length
      out += this.#part(text.slice(at, end))
      if (this.#isTooLarge) return { text: out, tooLarge: true }
      if (end < text.length) out += this.#endLine() + text[end]
      at = end + 1
    }
    return { text: out, tooLarge: false }
  }

  /** The event that is too large is part of a call. */
  get isCall(): boolean {
    return this.#type?.startsWith("TOOL_CALL") === true
  }

  get #isTooLarge(): boolean {
    if (this.#length <= maxEventSize) return false
    return this.#length > maxSnapshotSize || !(this.#hasRaw || isSnapshot(this.#type))
  }

  #part(part: string): string {
    this.#length += part.length
    this.#lookForRaw(part)
    if (this.#decided) return this.#drops ? "" : part
    this.#head += part
    return this.#head.length < headLength ? "" : this.#decide()
  }

  #lookForRaw(part: string): void {
    if (this.#hasRaw || this.#drops) return
    const seen = this.#tail + part
    this.#hasRaw = seen.includes(rawField)
    this.#tail = seen.slice(-rawField.length)
  }

  /** Returns the beginning of the line, or nothing if the line is dropped. */
  #decide(): string {
    const head = this.#head
    this.#head = ""
    this.#decided = true
    this.#type = head.startsWith("data:") ? typeOf(head.slice("data:".length)) : undefined
    this.#drops = this.#type === "RAW"
    return this.#drops ? "" : head
  }

  #endLine(): string {
    const rest = this.#decided ? "" : this.#decide()
    this.#decided = false
    this.#drops = false
    this.#type = undefined
    this.#length = 0
    this.#hasRaw = false
    this.#tail = ""
    return rest
  }
}
