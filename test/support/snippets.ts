/** The code blocks of a document, to run them unchanged. */
import { readFileSync } from "node:fs"

/** The blocks in `language`, in order, without imports and exports: a test passes the imported values. */
export const snippets = (page: string, language: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(page, "utf8").matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm")),
    ([, code = ""]) => code.replace(/^import .*\n/gm, "").replace(/^export /gm, ""),
  )
