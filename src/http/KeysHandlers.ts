/** The routes of API keys. Creation and revocation add an audit entry without the key's text or hash. */
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { Api } from "../api/Api.ts"
import { CurrentPrincipal } from "../api/Authorization.ts"
import { ok } from "../api/Envelope.ts"
import type { NewKey } from "../api/KeysApi.ts"
import { pageEnd, pageOf } from "../api/Paging.ts"
import { type ApiKey, hashOf, keyBytes, keyTextOf, prefixOf } from "../domain/ApiKey.ts"
import { ApiKeyId } from "../domain/Ids.ts"
import { grantOf } from "../domain/KeyGrant.ts"
import { missingPermissions, type Principal } from "../domain/Principal.ts"
import { Agents } from "../store/Agents.ts"
import { ApiKeys, type KeyScope } from "../store/ApiKeys.ts"
import { KnownKeys } from "../store/KnownKeys.ts"
import { currentActor } from "./CurrentActor.ts"
import { answering } from "./ErrorMapping.ts"

const defaultLimit = 20

/** The keys that the caller manages; an administrator manages the organisation's. */
const scopeOf = (principal: Principal, administers: string): KeyScope =>
  missingPermissions(principal, [administers]).length === 0
    ? { orgId: principal.orgId }
    : { orgId: principal.orgId, userId: principal.userId }

const makeCreate = Effect.gen(function* () {
  const agents = yield* Agents
  const keys = yield* ApiKeys
  const random = yield* SecureRandom.SecureRandom

  return Effect.fnUntraced(function* (asked: NewKey) {
    const principal = yield* CurrentPrincipal
    const { orgId, userId } = principal
    const createdAt = yield* Clock.currentTimeMillis
    const grant = yield* Effect.fromResult(grantOf(principal, asked, createdAt))
    yield* Effect.forEach(grant.agents ?? [], (id) => agents.get(orgId, id), { discard: true })
    const text = keyTextOf(yield* random.randomBytes(keyBytes))
    const key: ApiKey = {
      id: ApiKeyId.make(`key_${(yield* random.uuidV7()).replaceAll("-", "")}`),
      orgId,
      userId,
      name: asked.name,
      prefix: prefixOf(text),
      ...grant,
      createdAt,
      createdWith: principal.key?.id ?? null,
      revokedAt: null,
      lastUsedAt: null,
    }
    yield* keys.create(key, hashOf(text), { at: createdAt, by: yield* currentActor })
    return { ...key, key: text }
  })
})

export const layer = HttpApiBuilder.group(
  Api,
  "keys",
  Effect.fnUntraced(function* (handlers) {
    const keys = yield* ApiKeys
    const known = yield* KnownKeys
    const create = yield* makeCreate

    return handlers.handleAll({
      create: ({ payload }) =>
        answering(
          Effect.map(create(payload), (created) =>
            HttpServerResponse.jsonUnsafe(ok(created), { headers: { "cache-control": "no-store" } }),
          ),
        ),
      list: ({ query }) =>
        answering(
          Effect.gen(function* () {
            const scope = scopeOf(yield* CurrentPrincipal, "admin:read")
            const page = yield* keys.list(scope, pageOf(query, defaultLimit))
            return ok({ keys: page.entries, ...pageEnd(page) })
          }),
        ),
      revoke: ({ params: { keyId } }) =>
        answering(
          Effect.gen(function* () {
            const scope = scopeOf(yield* CurrentPrincipal, "admin:write")
            const change = { at: yield* Clock.currentTimeMillis, by: yield* currentActor }
            // Also after a failure, because the store may have written it.
            return ok(
              yield* Effect.ensuring(
                keys.revoke(scope, keyId, change),
                Effect.sync(() => known.forget(keyId)),
              ),
            )
          }),
        ),
    })
  }),
)
