/** Whether PostgreSQL is spoken to over TLS. One variable decides, `DATABASE_TLS`; a URL that says otherwise is refused. Pure. */

/** `require` takes any certificate, `verify` only one that is trusted and made out to the server's name. */
export type DatabaseTls = "off" | "require" | "verify"

/** What libpq means by its modes; `allow` and `prefer` leave it to whoever sits in between, so they are none of ours. */
const meanings: ReadonlyMap<string, DatabaseTls> = new Map([
  ["disable", "off"],
  ["require", "require"],
  ["verify-ca", "verify"],
  ["verify-full", "verify"],
])

/** Why a URL and `DATABASE_TLS` cannot both be meant; undefined where they agree or the URL says nothing. */
export const contradiction = (url: string, tls: DatabaseTls): string | undefined => {
  const mode = URL.parse(url)?.searchParams.get("sslmode")
  if (mode === null || mode === undefined) return undefined
  const meant = meanings.get(mode)
  if (meant === tls) return undefined
  const remedy =
    meant === undefined ? "leave sslmode out of the URL" : `set DATABASE_TLS=${meant}, or leave sslmode out`
  return `the URL says sslmode=${mode} and DATABASE_TLS=${tls}: ${remedy}`
}
