/**
 * Builds the C libraries of this folder for `LD_PRELOAD`. A library is built once for each content of its source and
 * lies in the cache folder, which other users can read: PostgreSQL runs as a user of its own.
 */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs"
import { join, resolve } from "node:path"

const cache = resolve(import.meta.dirname, "../../../.cache/disk")

/** The reason why nothing can be preloaded here, or undefined. */
export const cannotPreload = (): string | undefined => {
  if (process.platform !== "linux") return `LD_PRELOAD needs Linux, and this is ${process.platform}`
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" })
    return undefined
  } catch {
    return "there is no C compiler `cc` on PATH"
  }
}

/** The path of the built library. Throws with the reason if it cannot be built. */
export const buildLibrary = (name: "slow" | "record"): string => {
  const reason = cannotPreload()
  if (reason !== undefined) throw new Error(`Cannot build ${name}.c: ${reason}`)
  const source = join(import.meta.dirname, `${name}.c`)
  const hash = createHash("sha256").update(readFileSync(source)).digest("hex").slice(0, 16)
  const built = join(cache, `${name}-${hash}.so`)
  if (existsSync(built)) return built
  mkdirSync(cache, { recursive: true })
  // Two test files may build at the same moment: a rename is atomic.
  const own = `${built}.${process.pid}`
  execFileSync("cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", own, source, "-ldl"], {
    stdio: ["ignore", "inherit", "inherit"],
  })
  chmodSync(own, 0o755)
  renameSync(own, built)
  return built
}
