/** Cuts chunks of any size into parts of one size. Some stores refuse parts that differ in size. Pure. */
export class PartBuffer {
  readonly #size: number
  #chunks: Array<Uint8Array> = []
  #bytes = 0

  constructor(size: number) {
    this.#size = size
  }

  /** The parts that are full now. */
  add(chunk: Uint8Array): ReadonlyArray<Uint8Array> {
    const parts: Array<Uint8Array> = []
    let left = chunk
    while (this.#bytes + left.length >= this.#size) {
      const taken = this.#size - this.#bytes
      this.#chunks.push(left.subarray(0, taken))
      parts.push(this.#take())
      left = left.subarray(taken)
    }
    if (left.length > 0) {
      this.#chunks.push(left)
      this.#bytes += left.length
    }
    return parts
  }

  /** The bytes after the last full part. */
  rest(): Uint8Array {
    return this.#take()
  }

  #take(): Uint8Array {
    const part = Buffer.concat(this.#chunks)
    this.#chunks = []
    this.#bytes = 0
    return part
  }
}
