/** API keys for tests, and an in-memory key store that counts its calls. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ApiKey, hashOf, keyTextOf, prefixOf } from "../../src/domain/ApiKey.ts"
import { ApiKeyId } from "../../src/domain/Ids.ts"
import { ApiKeys, type KeyUse, type Revocation } from "../../src/store/ApiKeys.ts"
import { StoreError } from "../../src/store/StoreError.ts"
import { StoreHealth } from "../../src/store/StoreHealth.ts"
import { noon, orgId, userId } from "./fixtures.ts"

/** The `n`th key of the tests; its text works nowhere. */
export const apiKey = (n: number, fields: Partial<ApiKey> = {}) => {
  const bytes = new Uint8Array(32).fill(7)
  new DataView(bytes.buffer).setUint32(8, n)
  const text = keyTextOf(bytes)
  const key: ApiKey = {
    id: ApiKeyId.make(`key_${n.toString(16).padStart(32, "0")}`),
    orgId,
    userId,
    name: `key ${n}`,
    prefix: prefixOf(text),
    permissions: ["chat:*"],
    agents: null,
    ratePerMinute: null,
    expiresAt: null,
    createdAt: noon,
    createdWith: null,
    revokedAt: null,
    lastUsedAt: null,
    ...fields,
  }
  return { key, text, hash: hashOf(text) }
}

export const memoryApiKeys = (...made: ReadonlyArray<{ readonly key: ApiKey; readonly hash: string }>) => {
  const kept = new Map(made.map(({ hash, key }) => [hash, key]))
  const revocations: Array<Revocation> = []
  /** The hashes of each look-up, the number of polls, the uses of each write. */
  const asked = { finds: [] as Array<number>, polls: 0, uses: [] as Array<ReadonlyArray<KeyUse>> }
  const state = { away: false, gate: Effect.void }
  const use = <A>(answer: () => Effect.Effect<A>): Effect.Effect<A, StoreError> =>
    Effect.suspend((): Effect.Effect<A, StoreError> =>
      state.away ? Effect.fail(new StoreError({ operation: "ApiKeys", cause: "down" })) : answer(),
    )
  const layer = Layer.mock(ApiKeys, {
    find: (hashes) =>
      use(() => {
        asked.finds.push(hashes.length)
        const found = hashes.flatMap((hash) => (kept.has(hash) ? [[hash, kept.get(hash)!] as const] : []))
        return Effect.as(state.gate, new Map(found))
      }),
    lastRevocation: Effect.suspend(() => Effect.succeed(revocations.length)),
    revokedAfter: (number, limit) =>
      use(() => {
        asked.polls += 1
        return Effect.succeed(revocations.filter((one) => one.number > number).slice(0, limit))
      }),
    recordUses: (uses) => use(() => Effect.sync(() => void asked.uses.push(uses))),
  })
  /** Revokes as another replica would. */
  const revoke = (hash: string): void => {
    kept.set(hash, { ...kept.get(hash)!, revokedAt: noon })
    revocations.push({ hash, revokedAt: noon, number: revocations.length + 1 })
  }
  const up = Layer.succeed(StoreHealth, { isUp: Effect.succeed(true), whileUp: (use) => use })
  return { kept, asked, state, revoke, layer: Layer.merge(layer, up) }
}
