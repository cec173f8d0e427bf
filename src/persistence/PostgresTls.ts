/**
 * The choice of TLS for PostgreSQL: `DATABASE_TLS`, or `sslmode` of the URL where that variable is not set. Both may be set if
 * they agree. Pure.
 */
import type { SslMode } from "../domain/PostgresUrl.ts"

/** `require` takes any certificate, `verify` only one that is trusted and made out to the server's name. */
export type DatabaseTls = "off" | "require" | "verify"

/** One way to connect. `authority`: the certificate is trusted; `name`: it is made out to the server too. */
export type Way = "plain" | "encrypted" | "authority" | "name"

/** The ways of each mode in the order in which libpq tries them. */
const waysOf: Readonly<Record<SslMode, ReadonlyArray<Way>>> = {
  disable: ["plain"],
  allow: ["plain", "encrypted"],
  prefer: ["encrypted", "plain"],
  require: ["encrypted"],
  "verify-ca": ["authority"],
  "verify-full": ["name"],
}

const modeOf = { off: "disable", require: "require", verify: "verify-full" } as const

/** The modes of libpq that a value of `DATABASE_TLS` agrees with; the others leave the choice to the network. */
const agreeing: Readonly<Record<DatabaseTls, ReadonlyArray<SslMode>>> = {
  off: ["disable"],
  require: ["require"],
  verify: ["verify-ca", "verify-full"],
}

/** `hasRoot`: the URL names a certificate authority, with which libpq's `require` verifies it. */
export const waysToConnect = (
  sslMode: SslMode | undefined,
  tls: DatabaseTls | undefined,
  hasRoot: boolean,
): ReadonlyArray<Way> => {
  const mode = tls === undefined ? (sslMode ?? "disable") : modeOf[tls]
  return mode === "require" && hasRoot ? ["authority"] : waysOf[mode]
}

/** Why a URL and `DATABASE_TLS` cannot both be meant; undefined where they agree or one of them says nothing. */
export const contradiction = (
  sslMode: SslMode | undefined,
  tls: DatabaseTls | undefined,
): string | undefined =>
  sslMode === undefined || tls === undefined || agreeing[tls].includes(sslMode)
    ? undefined
    : `the URL says sslmode=${sslMode} and DATABASE_TLS=${tls}: set only one of them`
