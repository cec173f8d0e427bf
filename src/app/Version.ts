/** The version of this program, as its package says. */
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"

const Package = Schema.fromJsonString(Schema.Struct({ version: Schema.String }))

export const { version } = Schema.decodeSync(Package)(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
)
