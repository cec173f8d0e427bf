/** The bytes of one file, changed in place. */
export const sectorBytes = 512

/** The part of a write that is on the disk; `size`: the file has grown, with zeros instead of the bytes. */
export type Part = "whole" | "size" | ((sector: number) => boolean)

export class Content {
  #memory = Buffer.alloc(0)
  #size = 0

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#size)
  }

  copy(): Content {
    const copy = new Content()
    copy.#memory = Buffer.from(this.bytes)
    copy.#size = this.#size
    return copy
  }

  resize(size: number): void {
    if (size > this.#memory.length) {
      const larger = Buffer.alloc(Math.max(size, 2 * this.#memory.length))
      this.bytes.copy(larger)
      this.#memory = larger
    }
    // The next growth must read zeros.
    if (size < this.#size) this.#memory.fill(0, size, this.#size)
    this.#size = size
  }

  write(offset: number, bytes: Buffer, part: Part): void {
    this.resize(Math.max(this.#size, offset + bytes.length))
    if (part === "whole") bytes.copy(this.#memory, offset)
    if (typeof part === "function") this.#writeSectors(offset, bytes, part)
  }

  /** Sectors are those of the file: a write may begin within one. */
  #writeSectors(offset: number, bytes: Buffer, has: (sector: number) => boolean): void {
    for (let at = offset; at < offset + bytes.length;) {
      const sector = Math.floor(at / sectorBytes)
      const end = Math.min((sector + 1) * sectorBytes, offset + bytes.length)
      if (has(sector)) bytes.copy(this.#memory, at, at - offset, end - offset)
      at = end
    }
  }
}
