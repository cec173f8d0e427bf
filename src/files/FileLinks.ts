/**
 * Signed links to files, for readers that cannot send a token: an `<img>`, an `<a download>`, a runtime. A link opens
 * one path until its end, and nothing else. Stateless, so each replica accepts it: a JSON Web Token, HS256, with its own
 * audience, type and key, so that it is never a valid token of another kind.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { errors, jwtVerify, SignJWT } from "jose"
import { createHmac } from "node:crypto"
import { type FileId, OrgId, UserId } from "../domain/Ids.ts"

/** `expired`: the link was valid once. */
export class LinkRefused extends Schema.TaggedError<LinkRefused>()("LinkRefused", {
  expired: Schema.Boolean,
}) {}

/** The user in whose name a link opens its file. */
export interface LinkOwner {
  readonly orgId: OrgId
  readonly userId: UserId
}

/** `expiresAt`: epoch milliseconds. `url`: path and query. */
export interface FileLink {
  readonly ticket: string
  readonly expiresAt: number
  readonly url: string
}

export interface Settings {
  readonly secret: Redacted.Redacted<string>
  readonly previousSecrets: ReadonlyArray<Redacted.Redacted<string>>
  /** The address of the service for runtimes and providers, without a slash at the end. Empty: none. */
  readonly publicUrl: string
}

const audience = "crossfade:file"
const type = "file-ticket+jwt"

const Claims = Schema.Struct({ sub: UserId, org_id: OrgId, path: Schema.String })
const decodeClaims = Schema.decodeUnknownEffect(Claims)

const keyOf = (secret: Redacted.Redacted<string>) =>
  createHmac("sha256", Redacted.value(secret)).update(audience).digest()

export const pathOf = (fileId: FileId): string => `/api/v1/files/${fileId}`

const sign = Effect.fnUntraced(function* (
  secret: Redacted.Redacted<string>,
  owner: LinkOwner,
  path: string,
  expiresAt: number,
): Effect.fn.Return<FileLink> {
  const issued = Math.floor((yield* Clock.currentTimeMillis) / 1000)
  const expires = Math.floor(expiresAt / 1000)
  const ticket = yield* Effect.promise(() =>
    new SignJWT({ org_id: owner.orgId, path })
      .setProtectedHeader({ alg: "HS256", typ: type })
      .setSubject(owner.userId)
      .setAudience(audience)
      .setIssuedAt(issued)
      .setExpirationTime(expires)
      .sign(keyOf(secret)),
  )
  return { ticket, expiresAt: expires * 1000, url: `${path}?ticket=${ticket}` }
})

const verified = Effect.fnUntraced(function* (
  secret: Redacted.Redacted<string>,
  ticket: string,
  path: string,
): Effect.fn.Return<LinkOwner, LinkRefused> {
  const now = yield* Clock.currentTimeMillis
  const { payload } = yield* Effect.tryPromise({
    try: () =>
      jwtVerify(ticket, keyOf(secret), {
        algorithms: ["HS256"],
        audience,
        currentDate: new Date(now),
        requiredClaims: ["exp"],
        typ: type,
      }),
    catch: (cause) => new LinkRefused({ expired: cause instanceof errors.JWTExpired }),
  })
  const refused = new LinkRefused({ expired: false })
  const claims = yield* Effect.mapError(decodeClaims(payload), () => refused)
  if (claims.path !== path) return yield* refused
  return { orgId: claims.org_id, userId: claims.sub }
})

export class FileLinks extends Context.Service<
  FileLinks,
  {
    /** A link to any path that serves one file. */
    readonly toPath: (owner: LinkOwner, path: string, expiresAt: number) => Effect.Effect<FileLink>
    /** An absolute address for a runtime or a provider; undefined without `PUBLIC_URL`. */
    readonly make: (owner: LinkOwner, fileId: FileId, seconds: number) => Effect.Effect<string | undefined>
    /** The user whose file the ticket opens at this path. */
    readonly verify: (ticket: string, path: string) => Effect.Effect<LinkOwner, LinkRefused>
  }
>()("crossfade/files/FileLinks") {
  static readonly layer = (settings: Settings): Layer.Layer<FileLinks> =>
    Layer.succeed(FileLinks, makeLinks(settings))
}

const makeLinks = ({ previousSecrets, publicUrl, secret }: Settings): FileLinks["Service"] => ({
  toPath: (owner, path, expiresAt) => sign(secret, owner, path, expiresAt),
  make: (owner, fileId, seconds) =>
    publicUrl === ""
      ? Effect.undefined
      : Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.map(
            sign(secret, owner, pathOf(fileId), now + seconds * 1000),
            ({ url }) => `${publicUrl}${url}`,
          ),
        ),
  verify: (ticket, path) =>
    previousSecrets.reduce(
      (found, previous) =>
        Effect.catch(found, (error) => (error.expired ? error : verified(previous, ticket, path))),
      verified(secret, ticket, path),
    ),
})
