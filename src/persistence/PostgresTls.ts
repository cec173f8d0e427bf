/**
 * The choice of TLS for PostgreSQL: `DATABASE_TLS`, or the URL's `sslmode` if the variable is not set. Both may be
 * set if they agree. Pure.
 */
import type { SslMode } from "../domain/PostgresUrl.ts"

/** `require` accepts any certificate; `verify` only a trusted one that names the server. */
export type DatabaseTls = "off" | "require" | "verify"

/** One mode of connection. `authority`: the certificate is trusted; `name`: it also names the server. */
export type Way = "plain" | "encrypted" | "authority" | "name"

/** The modes that libpq tries for each `sslmode`, in order. */
const waysOf: Readonly<Record<SslMode, ReadonlyArray<Way>>> = {
  disable: ["plain"],
  allow: ["plain", "encrypted"],
  prefer: ["encrypted", "plain"],
  require: ["encrypted"],
  "verify-ca": ["authority"],
  "verify-full": ["name"],
}

const modeOf = { off: "disable", require: "require", verify: "verify-full" } as const

/** The values of `sslmode` that agree with each `DATABASE_TLS`; the others leave the choice to the network. */
const agreeing: Readonly<Record<DatabaseTls, ReadonlyArray<SslMode>>> = {
  off: ["disable"],
  require: ["require"],
  verify: ["verify-ca", "verify-full"],
}

/** `hasRoot`: the URL names a certificate authority; libpq's `require` then verifies the certificate with it. */
export const waysToConnect = (
  sslMode: SslMode | undefined,
  tls: DatabaseTls | undefined,
  hasRoot: boolean,
): ReadonlyArray<Way> => {
  const mode = tls === undefined ? (sslMode ?? "disable") : modeOf[tls]
  return mode === "require" && hasRoot ? ["authority"] : waysOf[mode]
}

/** The conflict between the URL and `DATABASE_TLS`; undefined if they agree or one of them is not set. */
export const contradiction = (
  sslMode: SslMode | undefined,
  tls: DatabaseTls | undefined,
): string | undefined =>
  sslMode === undefined || tls === undefined || agreeing[tls].includes(sslMode)
    ? undefined
    : `the URL says sslmode=${sslMode} and DATABASE_TLS=${tls}: set only one of them`
