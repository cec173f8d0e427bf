/** `generate.mjs <openapi.json> <folder>`: a typed client, with TypeScript 6 from `scripts/setup-typescript-6`. */
import { registerHooks } from "node:module"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"

const typescript = pathToFileURL(
  resolve(".cache/typescript-6/node_modules/typescript/lib/typescript.js"),
).href

registerHooks({
  resolve: (specifier, context, next) => next(specifier === "typescript" ? typescript : specifier, context),
})

const { createClient } = await import("@hey-api/openapi-ts")
const [, , input, path] = process.argv
await createClient({
  input,
  output: { path, importFileExtension: ".ts" },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "warn" },
})
