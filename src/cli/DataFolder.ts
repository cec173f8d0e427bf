/**
 * The data folder of this environment, as commands find it. A command in the wrong folder would otherwise work with a
 * new secret or an empty database. Only `crossfade serve` creates them.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import type { Settings } from "../config/Config.ts"

export class NotInDataFolder extends Schema.TaggedError<NotInDataFolder>()("NotInDataFolder", {
  found: Schema.String,
  folder: Schema.String,
  instead: Schema.String,
}) {
  override get message(): string {
    return `There is no ${this.found} in ${this.folder}, and only \`crossfade serve\` creates one. Run this command in the folder where the service starts, or set DATA_DIR to the service's data folder${this.instead}.`
  }
}

export class NoDataFolder extends Schema.TaggedError<NoDataFolder>()("NoDataFolder", {
  folder: Schema.String,
}) {
  override get message(): string {
    return `There is no data folder ${this.folder}. In production the service creates only a folder that DATA_DIR names, so that a start in a wrong folder does not begin with an empty database. Set DATA_DIR.`
  }
}

const files = {
  database: { name: "crossfade.db", found: "database (crossfade.db)", instead: "" },
  secret: {
    name: "jwt-secret",
    found: "signing secret (jwt-secret)",
    instead: ", or AUTH_JWT_SECRET to its secret",
  },
  key: { name: "data-key", found: "data key (data-key)", instead: ", or DATA_KEY to its key" },
} as const

/** Fails if the data folder does not have the file. */
export const requireFile = (dataDir: string, file: keyof typeof files) =>
  Effect.suspend(() => {
    const { found, instead, name } = files[file]
    const folder = resolve(dataDir)
    return existsSync(join(folder, name))
      ? Effect.void
      : Effect.fail(new NotInDataFolder({ found, folder, instead }))
  })

/** Before `serve` opens or creates the embedded database. */
export const prepare = (settings: Settings) =>
  Effect.suspend(() => {
    const folder = resolve(settings.DATA_DIR)
    if (settings.DATABASE_URL !== undefined || existsSync(join(folder, files.database.name)))
      return Effect.void
    const isProduction = settings.NODE_ENV === "production"
    if (isProduction && !settings.given.has("DATA_DIR") && !existsSync(folder))
      return Effect.fail(new NoDataFolder({ folder }))
    const line = `there is no database in ${folder}: a new, empty one is created`
    return isProduction
      ? Effect.logWarning(`${line}. If the service had data before, stop it and set DATA_DIR to its folder`)
      : Effect.logInfo(line)
  })
