/**
 * Runs the code blocks of the how-to pages for clients against a gateway, in order. To add a page, add a line to `pages`.
 */
import { symlinkSync } from "node:fs"
import { join, resolve } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { afterEvent, startCutProxy, within } from "../clients/cutProxy.ts"
import { defaultAgent } from "../support/chatClient.ts"
import { useWorld } from "../support/world.ts"
import { expectInOrder, type Language, run } from "./page.ts"

interface Page {
  readonly page: string
  readonly language: Language
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
    page: "list-and-organise-sessions",
    language: "sh",
    prints: [
      "Plan a trip to Nepal (idle, 2 messages)\n",
      "Where is my order? (idle, 2 messages)\n",
      "Nepal 🇳🇵\ntrue\n",
      '"archived":1,"pinned":1,"running":0',
      "Plan a trip to Nepal\n",
      "false\ncompleted\n",
      "end\n",
      "true\n",
    ],
  },
  {
    page: "edit-and-regenerate",
    language: "sh",
    prints: [
      "event: done",
      "mode: direct_llm",
      "event: done",
      "user: 2 / 2",
      "assistant: 1 / 1",
      "user said: Hello",
      "event: done",
    ],
  },
  {
    page: "collect-feedback",
    language: "sh",
    prints: [`"rating": "down"`, "user: null", "assistant: down", "up null", "true"],
  },
  {
    page: "look-at-a-users-run",
    language: "sh",
    prints: ["\tcompleted\truntime_orchestrator\t", `"status": "completed"`, "1\t", "You said: "],
  },
  {
    page: "search",
    language: "sh",
    prints: [
      "Where is **my** **invoice**?\n",
      "Where is **my invoice**?\n",
      "Expected at least one letter, digit or emoji",
    ],
  },
  {
    page: "send-images-and-files",
    language: "sh",
    prints: [
      '"filename":"notes.md","mediaType":"text/markdown","kind":"text"',
      '"filename":"orders.csv","mediaType":"text/csv"',
      "/api/v1/files/",
      "event: done",
      "event: done",
      "The order is late.",
      "notes.md text/markdown",
      '"success":true',
    ],
  },
  {
    page: "frontend-javascript",
    language: "js",
    prints: ["\nYou said: Hello\n", "You said: And again\n"],
    cuts: [within(3), afterEvent(4)],
  },
  {
    page: "openai-sdk",
    language: "js",
    prints: [
      `\nagent:${defaultAgent}\n`,
      "You said: Hello\n",
      "You said: And again\n",
      "You said: And again\n",
      "404 model_not_found\n",
    ],
  },
  {
    page: "openai-sdk",
    language: "python",
    prints: ["\nYou said: Hello\n", "You said: Hello\n", "404 model_not_found\n"],
  },
  {
    page: "langchain",
    language: "js",
    prints: ["\nYou said: Hello\n", "You said: And again\n", "You said: Bonjour\n"],
  },
  {
    page: "ag-ui-front-end",
    language: "js",
    prints: [
      "\nYou said: Hello\n",
      "You said: And again\n",
      "2 messages of the user\n",
      "stopped\n",
      "401 AUTH_TOKEN_INVALID\n",
    ],
  },
  // The last one, because it erases the user of the other pages.
  {
    page: "delete-data",
    language: "sh",
    prints: [`{"deleted":true,"restorableUntil":null}\n`, "true\nfalse\n", "true\n"],
  },
]

const world = useWorld()

/** Pages may import the packages of the tests, and the page for operators looks at a run of a user. */
beforeAll(async () => {
  symlinkSync(resolve("node_modules"), join(world.folder.path, "node_modules"))
  await (await world.client.start("Hello")).rest()
})

// The import of a client takes seconds on a loaded machine.
describe("the code of the how-to pages", { timeout: 60_000 }, () => {
  it.each(pages)("runs: $page in $language", async ({ cuts = [], language, page, prints }) => {
    const proxy = await startCutProxy(world.gateway.url, cuts)
    const output = await run(page, language, { url: proxy.url, folder: world.folder.path })
    expectInOrder(`\n${output}`, prints)
    expect(proxy.asked.length).toBeGreaterThan(cuts.length)
    await proxy.stop()
  })
})
