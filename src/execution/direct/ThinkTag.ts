/**
 * Separates thinking from text if a model writes it in tags, such as `<think>...</think>`, at the beginning of its
 * text. Later tags are text. Pure apart from its own state. The text may be cut anywhere.
 */
interface Tag {
  readonly open: string
  readonly close: string
  readonly closing: RegExp
}

const tagOf = (name: string): Tag => ({
  open: `<${name}>`,
  close: `</${name}>`,
  closing: new RegExp(`</${name}>`, "i"),
})

/** In lower case; some models write them in upper case. */
const tags: ReadonlyArray<Tag> = [
  ...["think", "thinking", "thought", "reasoning"].map(tagOf),
  { open: "[think]", close: "[/think]", closing: /\[\/think\]/i },
  { open: "◁think▷", close: "◁/think▷", closing: /◁\/think▷/i },
]

/** Longer blank text is passed on at once. */
const longestBlank = 256

interface Split {
  readonly thinking: string
  readonly text: string
}

const beginsWith = (text: string, tag: string): boolean => text.slice(0, tag.length).toLowerCase() === tag

/** The length of the longest suffix of `text` that begins `tag`. */
const partOf = (tag: string, text: string): number => {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1) {
    if (tag.startsWith(text.slice(-length).toLowerCase())) return length
  }
  return 0
}

export class ThinkTag {
  #state: "before" | "thinking" | "after" | "text" = "before"
  #tag: Tag | undefined
  #held = ""

  /** Most deltas arrive after the text has begun, and pass unchanged. */
  get isText(): boolean {
    return this.#state === "text"
  }

  feed(delta: string): Split {
    const text = this.#held + delta
    this.#held = ""
    switch (this.#state) {
      case "before":
        return this.#before(text)
      case "thinking":
        return this.#thinking(text)
      case "after":
        return this.#after(text)
      case "text":
        return { thinking: "", text }
    }
  }

  /** The text that was held back as a possible tag. */
  end(): Split {
    const held = this.#held
    this.#held = ""
    return this.#state === "thinking" ? { thinking: held, text: "" } : { thinking: "", text: held }
  }

  #before(text: string): Split {
    const begin = text.trimStart()
    this.#tag = tags.find(({ open }) => beginsWith(begin, open))
    if (this.#tag !== undefined) {
      this.#state = "thinking"
      return this.#thinking(begin.slice(this.#tag.open.length))
    }
    // The thinking arrived in its own field, or there was none.
    const end = tags.find(({ close }) => beginsWith(begin, close))
    if (end !== undefined) {
      this.#state = "after"
      return this.#after(begin.slice(end.close.length))
    }
    const lower = begin.toLowerCase()
    const isPart = tags.some(({ close, open }) => open.startsWith(lower) || close.startsWith(lower))
    if (isPart && text.length <= longestBlank) {
      this.#held = text
      return { thinking: "", text: "" }
    }
    this.#state = "text"
    return { thinking: "", text }
  }

  #thinking(text: string): Split {
    const { close, closing } = this.#tag ?? tagOf("think")
    const at = text.search(closing)
    if (at === -1) {
      const cut = text.length - partOf(close, text)
      this.#held = text.slice(cut)
      return { thinking: text.slice(0, cut), text: "" }
    }
    this.#state = "after"
    return { thinking: text.slice(0, at), text: this.#after(text.slice(at + close.length)).text }
  }

  /** Blank lines between the thinking and the answer belong to neither. */
  #after(text: string): Split {
    const begin = text.trimStart()
    if (begin !== "") this.#state = "text"
    return { thinking: "", text: begin }
  }
}
