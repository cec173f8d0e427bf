/**
 * Builds the console: `npm run build:console`. The gateway serves the result at `/`, and the files beside it under
 * `/console/`.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { brotliCompressSync, gzipSync } from "node:zlib"
import { defineConfig, type Plugin } from "vite"

const outDir = join(import.meta.dirname, "built")

/** The gateway sends these bytes as they are, so that a request compresses nothing. */
const compressed = (): Plugin => ({
  name: "compressed",
  closeBundle() {
    for (const name of readdirSync(outDir, { recursive: true, encoding: "utf8" })) {
      if (!/\.(js|css|html)$/.test(name)) continue
      const bytes = readFileSync(join(outDir, name))
      writeFileSync(join(outDir, `${name}.gz`), gzipSync(bytes, { level: 9 }))
      writeFileSync(join(outDir, `${name}.br`), brotliCompressSync(bytes))
    }
  },
})

export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [compressed()],
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    assetsDir: "",
    // Data URLs need exceptions in the policy of the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: join(import.meta.dirname, "index.html") },
  },
})
