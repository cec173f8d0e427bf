/**
 * The profile file of `crossfade login`: addresses and tokens by name. Only its owner may read it, so the token need not
 * stand in a command line or in the environment.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import type { CommandSettings } from "../config/ConfigCommands.ts"
import { reasonOf } from "../domain/Reason.ts"
import { Refused } from "./Explained.ts"

const Stored = Schema.Struct({ url: Schema.String, token: Schema.String })
export type Stored = typeof Stored.Type
const Profiles = Schema.Record(Schema.String, Stored)
export type Profiles = typeof Profiles.Type

type Place = Pick<CommandSettings, "configFolder">

/** Undefined for a user without a home folder, as in a container with any user id. */
const home = (): string | undefined => {
  try {
    return homedir()
  } catch {
    return undefined
  }
}

const pathOf = ({ configFolder }: Place): string | undefined => {
  const own = home()
  const base = configFolder ?? (own === undefined ? undefined : join(own, ".config"))
  return base === undefined ? undefined : join(base, "crossfade", "profiles.json")
}

/** The profile of a name. A record inherits names such as `constructor`. */
export const profileOf = (profiles: Profiles, name: string): Stored | undefined =>
  Object.hasOwn(profiles, name) ? profiles[name] : undefined

const decode = Schema.decodeEffect(Schema.fromJsonString(Profiles))
const cannot = (path: string, why: string) => new Refused({ message: `Cannot use ${path}: ${why}` })

const attempt = <A>(path: string, use: () => A) =>
  Effect.try({ try: use, catch: (error) => cannot(path, reasonOf(error)) })

export const read = Effect.fnUntraced(function* (place: Place) {
  const path = pathOf(place)
  if (path === undefined) return {}
  const stats = yield* attempt(path, () => statSync(path, { throwIfNoEntry: false }))
  if (stats === undefined) return {}
  if ((stats.mode & 0o077) !== 0)
    return yield* cannot(path, `other users may read it. Run \`chmod 600 ${path}\``)
  const folder = dirname(path)
  // A user who can replace the file can choose the address that the messages go to.
  if ((statSync(folder).mode & 0o022) !== 0)
    return yield* cannot(path, `other users may write to its folder. Run \`chmod go-w ${folder}\``)
  const text = yield* attempt(path, () => readFileSync(path, "utf8"))
  return yield* Effect.mapError(decode(text), () =>
    cannot(path, "expected JSON with a url and a token for each profile. Remove it and log in again"),
  )
})

/** Replaces the file in one step, so that an interrupt leaves the old or the new one. */
export const write = Effect.fnUntraced(function* (place: Place, profiles: Profiles) {
  const path = pathOf(place)
  if (path === undefined)
    return yield* new Refused({ message: "This user has no home folder. Set XDG_CONFIG_HOME to a folder." })
  const next = `${path}.${process.pid}`
  return yield* attempt(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // A file that exists would keep its mode, and a link would lead elsewhere.
    rmSync(next, { force: true })
    writeFileSync(next, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600, flag: "wx" })
    renameSync(next, path)
    return path
  })
})
