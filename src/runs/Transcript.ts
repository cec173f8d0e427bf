/**
 * The text of an answer, folded from its messages: what is stored as the assistant's message and sent along as history.
 * Pure. Parts that are not text leave a short mark, so that an answer of a table alone is not an empty message.
 */
import type { Draft } from "../agent2ui/Message.ts"

const mark = (draft: Draft): string => {
  switch (draft.type) {
    case "text":
    case "markdown":
      return draft.data.content
    case "code":
      return `\n\`\`\`${draft.data.language}\n${draft.data.code}\n\`\`\`\n`
    case "file":
      return `\n[file: ${draft.data.filename}]\n`
    case "image":
      return `\n[image: ${draft.data.alt ?? draft.data.caption ?? ""}]\n`
    case "table":
    case "chart":
    case "report":
      return `\n[${draft.type}]\n`
    default:
      return ""
  }
}

/** Appending to an array and joining once keeps a long answer linear. One transcript a run. */
export class Transcript {
  #parts: Array<string> = []

  add(draft: Draft): void {
    // A retract takes back everything that the failed attempt showed: until then there was nothing else.
    if (draft.type === "retract") this.#parts = []
    else {
      const text = mark(draft)
      if (text !== "") this.#parts.push(text)
    }
  }

  get text(): string {
    return this.#parts.join("")
  }
}
