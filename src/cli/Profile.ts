/**
 * The profile file of `crossfade login`: addresses and tokens by name. Only its owner may read it, so the token need not
 * stand in a command line or in the environment.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { reasonOf } from "../domain/Reason.ts"
import { Refused } from "./Explained.ts"

const Stored = Schema.Struct({ url: Schema.String, token: Schema.String })
export type Stored = typeof Stored.Type
const Profiles = Schema.Record(Schema.String, Stored)
export type Profiles = typeof Profiles.Type

export type Environment = Readonly<Record<string, string | undefined>>

/** XDG Base Directory: an empty or relative value counts as not set. */
export const pathOf = (env: Environment): string => {
  const base = env["XDG_CONFIG_HOME"] ?? ""
  return join(base.startsWith("/") ? base : join(homedir(), ".config"), "crossfade", "profiles.json")
}

/** The profile of a name. A record inherits names such as `constructor`. */
export const profileOf = (profiles: Profiles, name: string): Stored | undefined =>
  Object.hasOwn(profiles, name) ? profiles[name] : undefined

const decode = Schema.decodeEffect(Schema.fromJsonString(Profiles))
const cannot = (path: string, why: string) => new Refused({ message: `Cannot use ${path}: ${why}` })

export const read = Effect.fnUntraced(function* (env: Environment) {
  const path = pathOf(env)
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return {}
  if ((stats.mode & 0o077) !== 0)
    return yield* cannot(path, `other users may read it. Run \`chmod 600 ${path}\``)
  const folder = dirname(path)
  // A user who can replace the file can choose the address that the messages go to.
  if ((statSync(folder).mode & 0o022) !== 0)
    return yield* cannot(path, `other users may write to its folder. Run \`chmod go-w ${folder}\``)
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (error) => cannot(path, reasonOf(error)),
  })
  return yield* Effect.mapError(decode(text), () =>
    cannot(path, "expected JSON with a url and a token for each profile. Remove it and log in again"),
  )
})

/** Replaces the file in one step, so that an interrupt leaves the old or the new one. */
export const write = (env: Environment, profiles: Profiles) => {
  const path = pathOf(env)
  const next = `${path}.${process.pid}`
  return Effect.try({
    try: () => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      // A file that exists would keep its mode, and a link would lead elsewhere.
      rmSync(next, { force: true })
      writeFileSync(next, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600, flag: "wx" })
      renameSync(next, path)
      return path
    },
    catch: (error) => cannot(path, reasonOf(error)),
  })
}
