import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { consoleClient } from "../../scripts/console-client.ts"

describe("the client in the console", () => {
  it("is the built client package (npm run docs writes it)", async () => {
    const code = readFileSync("src/console/client.js", "utf8")
    expect(code).toBe(await consoleClient())
    // It stands inside a script element.
    expect(code).not.toMatch(/<\/script|<!--/i)
    expect(readFileSync("src/console/index.html", "utf8").split("/* client */")).toHaveLength(2)
  })
})
