/** Runs the code blocks of a how-to page as a program, with CROSSFADE_URL, CROSSFADE_TOKEN and AGENT set. */
import { execFile } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { expect } from "vitest"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"

/** The code blocks of a page in one language. */
export const blocksOf = (page: string, language: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(`docs/how-to/${page}.md`, "utf8").matchAll(
      new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"),
    ),
    ([, code = ""]) => code,
  )

/** A virtual environment of the tests. Without it, tests that need it fail with the command to run. */
export const environmentOf = (name: string): string => {
  const path = resolve(".cache", name)
  if (!existsSync(path)) throw new Error(`${path} is missing: run scripts/setup-tests`)
  return path
}

const languages = {
  sh: [() => "bash", "page.sh", "set -euo pipefail\n"],
  js: [() => process.execPath, "page.mjs", ""],
  python: [() => join(environmentOf("openai-callers"), "bin/python"), "page.py", ""],
} as const

export type Language = keyof typeof languages

interface Target {
  readonly url: string
  readonly folder: string
  /** The arguments of the program. */
  readonly args?: ReadonlyArray<string>
}

/** The output of a page's program in one language. Fails with the output if the program fails. */
export const run = async (
  page: string,
  language: Language,
  { args = [], folder, url }: Target,
): Promise<string> => {
  const [program, file, opening] = languages[language]
  const path = join(folder, file)
  writeFileSync(path, opening + blocksOf(page, language).join("\n"))
  const env = {
    PATH: process.env["PATH"],
    CROSSFADE_URL: url,
    CROSSFADE_TOKEN: await tokenFor(),
    AGENT: defaultAgent,
  }
  return new Promise((done, failed) => {
    execFile(program(), [path, ...args], { cwd: folder, env }, (failure, out, error) =>
      failure === null ? done(out) : failed(new Error(`${out}${error}`)),
    )
  })
}

export const expectInOrder = (output: string, prints: ReadonlyArray<string>) => {
  let from = 0
  for (const text of prints) {
    const at = output.indexOf(text, from)
    expect(at, `${text} in ${output.slice(from)}`).not.toBe(-1)
    from = at + text.length
  }
}
