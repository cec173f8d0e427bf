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
      // The service starts the last two by their file names.
      input: Object.fromEntries(
        ["cli/main", "cli/worker", "persistence/CheckpointWorker"].map((name) => [name, join(src, `${name}.ts`)]),
      ),
      // A chunk is as deep in `dist` as its modules are in `src`, because two of them name files beside `dist`.
      output: { entryFileNames: "[name].js", chunkFileNames: "service/[name].js" },
    },
  },
})
