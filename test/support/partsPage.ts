/** Builds the page of `test/console/page`, and serves it under the policy of the console. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { execFile } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { extname, join } from "node:path"
import { promisify } from "node:util"
import { ofConsole } from "../../src/http/ContentPolicy.ts"

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
}

export interface PartsPage {
  readonly url: string
  readonly close: () => void
}

export const startPartsPage = async (): Promise<PartsPage> => {
  const outDir = mkdtempSync(join(tmpdir(), "parts-page-"))
  const vite = join(import.meta.dirname, "../../node_modules/vite/bin/vite.js")
  const config = join(import.meta.dirname, "../console/page/vite.config.ts")
  await promisify(execFile)(process.execPath, [vite, "build", "-c", config, "--outDir", outDir])
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname
    try {
      const bytes = readFileSync(join(outDir, path === "/" ? "index.html" : path))
      response.setHeader("content-type", types[extname(path === "/" ? "index.html" : path)] ?? "")
      response.setHeader("content-security-policy", ofConsole([]))
      response.end(bytes)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", () => listening()))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
      rmSync(outDir, { recursive: true, force: true })
    },
  }
}
