/**
 * Bundles the command line and the service into a few files: `npm run build`. A start loads our thousand modules in
 * one read instead of resolving each. Dependencies stay outside, so an update of one needs no new build.
 */
import { join } from "node:path"
import { defineConfig } from "vite"

const src = join(import.meta.dirname, "..")

export default defineConfig({
  root: src,
  logLevel: "warn",
  build: {
    ssr: true,
    outDir: join(src, "../dist"),
    emptyOutDir: false,
    target: "es2024",
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: ["cli/main.ts", "cli/worker.ts"].map((file) => join(src, file)),
      // A chunk is as deep in `dist` as its modules are in `src`, because two of them name files beside `dist`.
      output: { entryFileNames: "cli/[name].js", chunkFileNames: "service/[name].js" },
    },
  },
})
