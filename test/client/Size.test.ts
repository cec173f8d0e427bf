import { gzipSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import { bundle } from "./bundle.ts"

const kilobytes = (code: string) => gzipSync(code, { level: 9 }).length / 1000

describe("the plain entry", () => {
  it("is small, and imports nothing of Node, Effect or React", async () => {
    const code = await bundle(`export * from "./src/client/Entry.ts"`)
    const size = kilobytes(code)
    console.log(
      `crossfade-gateway/client: ${size.toFixed(1)} kB gzip, ${(code.length / 1000).toFixed(1)} kB minified`,
    )
    // All routes of a chat product, with uploads and exports, and the rules that pair plans and calls. The parser of
    // event streams is a fifth of it.
    expect(size).toBeLessThan(11.1)
    expect(code).not.toMatch(/\bfrom\s*["']|\bimport\s*\(|node:|effect\/|\bBuffer\b|\bprocess\b/)
  })

  it("stays small with the hook", async () => {
    const code = await bundle(`export * from "./src/client/React.ts"`, { external: ["react"] })
    expect(Array.from(code.matchAll(/from\s*["']([^"']+)["']/g), ([, name]) => name)).toEqual(["react"])
    expect(kilobytes(code)).toBeLessThan(10)
  })
})
