/** The secrets of this environment: present, and readable by their owner only. Their values are never shown. */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { join, resolve } from "node:path"
import * as Redacted from "effect/Redacted"
import type { Settings } from "../../config/Config.ts"
import { reasonOf } from "../../domain/Reason.ts"
import { minimumBytes } from "../../persistence/StoredSecret.ts"
import { isWeakSecret } from "../../domain/WeakSecret.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

/** A secret that the service stored in its data folder. */
const storedFinding = (check: string, path: string, variable: string): Finding => {
  if (!Fs.existsSync(path))
    return warning(
      check,
      `${variable} is not set, and ${path} does not exist; the first \`crossfade serve\` makes it`,
      `If the service has one already, set DATA_DIR to its data folder, or ${variable}.`,
    )
  try {
    const { mode } = Fs.statSync(path)
    const bytes = Buffer.byteLength(Fs.readFileSync(path, "utf8").trim())
    if (bytes < minimumBytes)
      return failed(
        check,
        `${path} holds no secret of at least ${minimumBytes} bytes`,
        "Restore it from a backup, or delete it: the next start makes a new one.",
      )
    return (mode & 0o077) === 0
      ? ok(check, `in ${path}`)
      : warning(check, `other users may read ${path}`, `Run: chmod 600 ${path}`)
  } catch (error) {
    return failed(
      check,
      `${path} cannot be read: ${reasonOf(error)}`,
      "Run this command as the user of the service.",
    )
  }
}

const givenFinding = (check: string, variable: string, secret: Redacted.Redacted<string>): Finding =>
  isWeakSecret(Redacted.value(secret))
    ? warning(
        check,
        `${variable} can be guessed`,
        "Set it to 32 random bytes, such as from `openssl rand -base64 32`.",
      )
    : ok(check, `from ${variable}`)

const signing = ({ AUTH_JWT_SECRET, DATA_DIR }: Settings): Finding => {
  const check = "signing secret"
  return AUTH_JWT_SECRET === undefined
    ? storedFinding(check, join(resolve(DATA_DIR), "jwt-secret"), "AUTH_JWT_SECRET")
    : givenFinding(check, "AUTH_JWT_SECRET", AUTH_JWT_SECRET)
}

const data = ({ DATABASE_URL, DATA_DIR, DATA_KEY, NODE_ENV }: Settings): Finding => {
  const check = "data key"
  if (DATA_KEY !== undefined) return givenFinding(check, "DATA_KEY", DATA_KEY)
  return DATABASE_URL !== undefined && NODE_ENV === "production"
    ? warning(
        check,
        "DATA_KEY is not set, so agents with credentials are refused",
        "Set DATA_KEY if agents use MCP servers with credentials.",
      )
    : storedFinding(check, join(resolve(DATA_DIR), "data-key"), "DATA_KEY")
}

const operators = ({ AUTH_JWT_SECRET, AUTH_OPERATOR_ISSUERS, AUTH_OPERATOR_SECRET }: Settings): Finding => {
  const check = "operator secret"
  if (AUTH_OPERATOR_SECRET !== undefined)
    return givenFinding(check, "AUTH_OPERATOR_SECRET", AUTH_OPERATOR_SECRET)
  if (AUTH_OPERATOR_ISSUERS.length > 0) return ok(check, "operators come from AUTH_OPERATOR_ISSUERS")
  return AUTH_JWT_SECRET === undefined
    ? ok(check, "the generated signing secret signs operators' tokens too")
    : warning(
        check,
        "no token can have operators' permissions",
        "Set AUTH_OPERATOR_SECRET or AUTH_OPERATOR_ISSUERS.",
      )
}

export const checks = (settings: Settings): ReadonlyArray<Check> => [
  { name: "secrets", run: Effect.sync(() => [signing(settings), operators(settings), data(settings)]) },
]
