/** The data folder: the right one, writable, with room. Nothing is created. */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { Settings } from "../../config/Config.ts"
import { reasonOf } from "../../domain/Reason.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const mebibyte = 1024 * 1024
/** SQLite needs room for a large turn and for its journal. */
const leastMb = 100
const fewMb = 1024

export interface Folder {
  readonly path: string
  readonly exists: boolean
  readonly isFolder: boolean
  /** The reason why this user cannot write there, or create it. */
  readonly refusal: string | undefined
  readonly freeMb: number | undefined
  readonly hasDatabase: boolean
}

const nearestParent = (path: string): string => {
  const parent = dirname(path)
  return Fs.existsSync(parent) || parent === path ? parent : nearestParent(parent)
}

const attempt = <A>(use: () => A): A | string => {
  try {
    return use()
  } catch (error) {
    return reasonOf(error)
  }
}

export const inspect = (dataDir: string): Folder => {
  const path = resolve(dataDir)
  const exists = Fs.existsSync(path)
  const place = exists ? path : nearestParent(path)
  const isFolder = attempt(() => Fs.statSync(place).isDirectory()) === true
  const refusal = attempt(() => Fs.accessSync(place, Fs.constants.W_OK | Fs.constants.X_OK))
  const free = attempt(() => {
    const { bavail, bsize } = Fs.statfsSync(place)
    return Math.floor((bavail * bsize) / mebibyte)
  })
  return {
    path,
    exists,
    isFolder,
    refusal: typeof refusal === "string" ? refusal : undefined,
    freeMb: typeof free === "number" ? free : undefined,
    hasDatabase: Fs.existsSync(join(path, "crossfade.db")),
  }
}

type Place = Pick<Settings, "DATABASE_URL" | "NODE_ENV"> & { readonly isGiven: boolean }

const folderFinding = (folder: Folder, { DATABASE_URL, NODE_ENV, isGiven }: Place): Finding => {
  const { exists, hasDatabase, isFolder, path, refusal } = folder
  const check = "data folder"
  if (!isFolder)
    return failed(check, `${path} is not a folder, or is below a file`, "Set DATA_DIR to a folder.")
  if (refusal !== undefined)
    return failed(
      check,
      `this user cannot write to ${path}: ${refusal}`,
      "Give this user the folder, or set DATA_DIR.",
    )
  const rightFolder =
    "If the service has data already, run this command in its folder or set DATA_DIR to its data folder."
  if (!exists)
    return NODE_ENV === "production" && !isGiven && DATABASE_URL === undefined
      ? failed(
          check,
          `${path} does not exist, and production creates only a folder that DATA_DIR names`,
          "Set DATA_DIR.",
        )
      : warning(check, `${path} does not exist; \`crossfade serve\` creates it`, rightFolder)
  return DATABASE_URL === undefined && !hasDatabase
    ? warning(check, `${path} has no database; \`crossfade serve\` creates an empty one`, rightFolder)
    : ok(check, `${path} is writable`)
}

const roomFinding = ({ freeMb, path }: Folder): ReadonlyArray<Finding> => {
  if (freeMb === undefined) return []
  const seen = `${freeMb} MB are free in ${path}`
  const advice = "Free some room, or move DATA_DIR to a larger disk."
  if (freeMb < leastMb) return [failed("disk", seen, advice)]
  return [freeMb < fewMb ? warning("disk", seen, advice) : ok("disk", seen)]
}

export const findingsOf = (folder: Folder, place: Place): ReadonlyArray<Finding> => [
  folderFinding(folder, place),
  ...roomFinding(folder),
]

export const checks = (settings: Settings): ReadonlyArray<Check> => [
  {
    name: "data folder",
    run: Effect.sync(() =>
      findingsOf(inspect(settings.DATA_DIR), { ...settings, isGiven: settings.given.has("DATA_DIR") }),
    ),
  },
]
