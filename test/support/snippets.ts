/** The code blocks of a document, to be run as they stand there. */
import { readFileSync } from "node:fs"

/** The blocks in `language`, in order, without imports and exports: a test gives them what they import. */
export const snippets = (page: string, language: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(page, "utf8").matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm")),
    ([, code = ""]) => code.replace(/^import .*\n/gm, "").replace(/^export /gm, ""),
  )
