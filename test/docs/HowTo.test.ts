/**
 * Runs the code blocks of the how-to pages against a gateway, in order, with CROSSFADE_URL, CROSSFADE_TOKEN and AGENT
 * set. To add a page, add a line to `pages`.
 */
import { execFile, spawn } from "node:child_process"
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"
import { once } from "node:events"
import { beforeAll, describe, expect, it } from "vitest"
import { afterEvent, startCutProxy, within } from "../clients/cutProxy.ts"
import { defaultAgent, tokenFor } from "../support/chatClient.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"
import { useWorld } from "../support/world.ts"

/** The code of a page in one language. */
const codeOf = (page: string, language: string): string =>
  Array.from(
    readFileSync(`docs/how-to/${page}.md`, "utf8").matchAll(
      new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "gm"),
    ),
    ([, code = ""]) => code,
  ).join("\n")

const languages = {
  sh: ["bash", "page.sh", "set -euo pipefail\n"],
  js: [process.execPath, "page.mjs", ""],
} as const

interface Page {
  readonly page: string
  readonly language: keyof typeof languages
  /** The output, after a line end, contains these in order. */
  readonly prints: ReadonlyArray<string>
  /** Cuts the connections of the first requests. */
  readonly cuts?: ReadonlyArray<RegExp>
}

const pages: ReadonlyArray<Page> = [
  {
    page: "curl",
    language: "sh",
    prints: [
      defaultAgent,
      "event: done",
      "You said: Hello",
      "event: done",
      "204",
      "user: Once",
      "VALIDATION_FAILED",
    ],
  },
  {
    page: "frontend-javascript",
    language: "js",
    prints: ["\nYou said: Hello\n", "You said: And again\n"],
    cuts: [within(3), afterEvent(4)],
  },
]

interface Target {
  readonly url: string
  readonly folder: string
}

const run = async (
  { language, page }: Pick<Page, "language" | "page">,
  { folder, url }: Target,
): Promise<string> => {
  const [program, file, opening] = languages[language]
  const path = join(folder, file)
  writeFileSync(path, opening + codeOf(page, language))
  const env = {
    PATH: process.env["PATH"],
    CROSSFADE_URL: url,
    CROSSFADE_TOKEN: await tokenFor(),
    AGENT: defaultAgent,
  }
  return new Promise((done, failed) => {
    execFile(program, [path], { cwd: folder, env }, (failure, out, error) =>
      failure === null ? done(out) : failed(new Error(`${out}${error}`)),
    )
  })
}

const expectInOrder = (output: string, prints: ReadonlyArray<string>) => {
  let from = 0
  for (const text of prints) {
    const at = output.indexOf(text, from)
    expect(at, `${text} in ${output.slice(from)}`).not.toBe(-1)
    from = at + text.length
  }
}

const world = useWorld()

/** Pages may import the packages of the tests. */
beforeAll(() => symlinkSync(resolve("node_modules"), join(world.folder.path, "node_modules")))

describe("the code of the how-to pages", () => {
  it.each(pages)("runs: $page", async ({ cuts = [], prints, ...page }) => {
    const proxy = await startCutProxy(world.gateway.url, cuts)
    const output = await run(page, { url: proxy.url, folder: world.folder.path })
    expectInOrder(`\n${output}`, prints)
    expect(proxy.asked.length).toBeGreaterThan(cuts.length)
    await proxy.stop()
  })

  it("runs: own-runtime", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder.path, "runtime.py"), codeOf("own-runtime", "python"))
    const runtime = spawn("python3", ["runtime.py", "0"], {
      cwd: folder.path,
      stdio: ["ignore", "pipe", "ignore"],
    })
    const [address] = await once(createInterface({ input: runtime.stdout }), "line")
    const gateway = await startGateway({
      DATA_DIR: folder.path,
      RUNTIME_SERVICE_URL: String(address),
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      CHAT_RUNTIME_PROBES: "false",
    })
    try {
      const output = await run(
        { page: "own-runtime", language: "sh" },
        { url: gateway.url, folder: folder.path },
      )
      expectInOrder(output, [
        '"runtime":{"status":"healthy"}',
        '"content":"You said"',
        '"executionMode":"runtime_orchestrator"',
      ])
    } finally {
      await gateway.stop("SIGKILL")
      runtime.kill("SIGKILL")
      folder.dispose()
    }
  })
})
