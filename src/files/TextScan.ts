/** Distinguishes text from other bytes as they arrive: UTF-8 without the control characters that no text has. Pure. */

/** Tab, line feed, form feed, carriage return, backspace, and the escape of terminal colours. */
const allowedControls = new Set([8, 9, 10, 12, 13, 27])

export class TextScan {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true })
  isText = true

  push(chunk: Uint8Array): void {
    if (!this.isText) return
    for (const byte of chunk) {
      if ((byte < 32 && !allowedControls.has(byte)) || byte === 127) {
        this.isText = false
        return
      }
    }
    this.#decode(chunk)
  }

  end(): void {
    if (this.isText) this.#decode(undefined)
  }

  #decode(chunk: Uint8Array | undefined): void {
    try {
      this.#decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      this.isText = false
    }
  }
}
