/** Finds the end of a JSON object that arrives in pieces, in linear time. Plain code, one per object. */
export class JsonObjectEnd {
  #depth = 0
  #inString = false
  #escaped = false
  #complete = false

  /** True if the pieces so far are a whole object. */
  add(piece: string): boolean {
    for (let at = 0; at < piece.length && !this.#complete; at += 1) this.#character(piece[at])
    return this.#complete
  }

  #character(character: string | undefined): void {
    if (this.#inString) return this.#inText(character)
    if (character === '"') this.#inString = true
    else if (character === "{" || character === "[") this.#depth += 1
    else if (character === "}" || character === "]") {
      this.#depth -= 1
      this.#complete = this.#depth === 0
    }
  }

  #inText(character: string | undefined): void {
    if (this.#escaped) this.#escaped = false
    else if (character === "\\") this.#escaped = true
    else if (character === '"') this.#inString = false
  }
}
