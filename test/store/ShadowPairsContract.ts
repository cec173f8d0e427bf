/**
 * The contract of every adapter of `ShadowPairs`. Each test has its own organisations, except the one that trims: it
 * is last.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { AgentId, OrgId, RunId } from "../../src/domain/Ids.ts"
import { hourOf, type LedgerEntry, type ShadowPair } from "../../src/domain/ShadowPair.ts"
import type { Runs } from "../../src/store/Runs.ts"
import { ShadowPairs } from "../../src/store/ShadowPairs.ts"
import { pair } from "../shadow/traces.ts"
import { addPair, naughty, noon } from "./Turns.ts"

const newOrg = () => OrgId.make(uuidV7Unsafe())
const newPair = (fields: Parameters<typeof pair>[1]): ShadowPair => ({
  ...pair(0, { createdAt: noon, ...fields }),
  runId: RunId.make(uuidV7Unsafe()),
})
const differs = { distances: { text: 0.9 } }

export const shadowPairs = (name: string, layer: Layer.Layer<Runs | ShadowPairs, unknown>) =>
  withLayer(layer)(`ShadowPairs on ${name}`, (it) => {
    it.effect("a pair is stored as it was first written, with any text, and its judgement later", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        const side = { ...pair(0).primary, text: naughty, tokens: 3, code: "UPSTREAM_FAILED" }
        const kept = newPair({ orgId, ...differs, shadow: side, shadowOutcome: "error" })
        yield* addPair(kept)
        yield* pairs.add({ ...kept, shadowOutcome: "success" })
        assert.deepStrictEqual((yield* pairs.page({ orgId }, { limit: 10 })).entries, [kept])
        const judgement = { verdict: "shadow", tokens: 900 } as const
        yield* pairs.judge(kept.runId, judgement)
        assert.deepStrictEqual((yield* pairs.page({ orgId }, { limit: 10 })).entries, [
          { ...kept, judgement },
        ])
      }),
    )

    it.effect("a pair of a run that does not exist is not stored", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        yield* pairs.add(newPair({ orgId }))
        assert.isEmpty((yield* pairs.page({ orgId }, { limit: 10 })).entries)
      }),
    )

    it.effect("pages run from the newest to the oldest, filtered by organisation, agent or time", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        const agentId = AgentId.make(uuidV7Unsafe())
        const all = Array.from({ length: 5 }, (_, n) =>
          newPair({ orgId, createdAt: noon + n, ...(n === 2 ? { agentId } : {}) }),
        )
        yield* Effect.forEach([...all, newPair({ orgId: newOrg() })], addPair)
        const newest = all.toReversed()
        const first = (yield* pairs.page({ orgId }, { limit: 2 })).entries
        const second = (yield* pairs.page({ orgId }, { limit: 9, before: first[1]!.runId })).entries
        assert.deepStrictEqual([...first, ...second], newest)
        assert.deepStrictEqual((yield* pairs.page({ orgId, agentId }, { limit: 9 })).entries, [all[2]!])
        assert.deepStrictEqual(
          (yield* pairs.page({ orgId, since: noon + 3 }, { limit: 9 })).entries,
          newest.slice(0, 2),
        )
      }),
    )

    it.effect("mismatches are pairs of two modes that differ in any field", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        const mismatch = newPair({ orgId, ...differs })
        const same = newPair({ orgId, ...differs, shadowMode: "direct_llm" })
        yield* Effect.forEach([mismatch, same, newPair({ orgId })], addPair)
        assert.deepStrictEqual((yield* pairs.page({ orgId }, { limit: 9, differing: true })).entries, [
          mismatch,
        ])
      }),
    )

    it.effect("the series counts the pairs of each period by dimension, apart from pairs of one mode", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        const distances = { text: 0.9, tools: 0, toolArguments: null }
        const since = noon
        yield* Effect.forEach(
          [
            newPair({ orgId, createdAt: since - 1 }),
            newPair({ orgId, createdAt: since, distances }),
            newPair({ orgId, createdAt: since + 999, distances: { text: 0.5 } }),
            newPair({ orgId, createdAt: since + 999, shadowMode: "direct_llm", distances: { tools: 1 } }),
            newPair({ orgId, createdAt: since + 2000, distances: { total: 0.9 } }),
          ],
          addPair,
        )
        const found = yield* pairs.series({ orgId, since }, 1000)
        assert.deepStrictEqual(
          found.map(({ at, pairs, same }) => [at - since, same, pairs]),
          [
            [0, false, 2],
            [0, true, 1],
            [2000, false, 1],
          ],
        )
        const [first, own, last] = found.map(({ dimensions }) => dimensions)
        assert.deepStrictEqual(first?.text, { of: 2, hits: 1 })
        assert.deepStrictEqual(first?.tools, { of: 1, hits: 1 })
        assert.deepStrictEqual(first?.toolArguments, { of: 0, hits: 0 })
        assert.deepStrictEqual(own?.tools, { of: 1, hits: 0 })
        assert.deepStrictEqual(last?.total, { of: 1, hits: 0 })
        assert.deepStrictEqual(yield* pairs.series({ orgId: newOrg(), since }, 1000), [])
      }),
    )

    it.effect("the ledger sums over hours, and from an hour on", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        const entry = (fields: Partial<LedgerEntry>): LedgerEntry => ({
          hour: hourOf(noon),
          orgId,
          agentId: pair(0).agentId,
          mode: "direct_llm",
          ending: "compared",
          runs: 1,
          tokens: 10,
          estimatedTokens: 4,
          ...fields,
        })
        const later = hourOf(noon) + 3_600_000
        const dropped = entry({ ending: "dropped_busy", tokens: 0, estimatedTokens: 0, runs: 7 })
        yield* pairs.count([entry({}), dropped])
        yield* pairs.count([entry({ runs: 2, tokens: 3_000_000_000 }), entry({ hour: later })])
        yield* pairs.count([])
        const compared = { mode: "direct_llm", ending: "compared" } as const
        assert.deepStrictEqual(yield* pairs.ledger({ orgId }), [
          { ...compared, runs: 4, tokens: 3_000_000_020, estimatedTokens: 12 },
          { mode: "direct_llm", ending: "dropped_busy", runs: 7, tokens: 0, estimatedTokens: 0 },
        ])
        assert.deepStrictEqual(yield* pairs.ledger({ orgId, since: later + 1 }), [
          { ...compared, runs: 1, tokens: 10, estimatedTokens: 4 },
        ])
        assert.deepStrictEqual(yield* pairs.ledger({ orgId: newOrg() }), [])
      }),
    )

    it.effect("more entries than one statement can bind are stored", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        const entries = Array.from({ length: 5000 }, (_, n) => ({
          hour: hourOf(noon) + n * 3_600_000,
          orgId,
          agentId: pair(0).agentId,
          mode: "direct_llm" as const,
          ending: "compared" as const,
          runs: 1,
          tokens: 1,
          estimatedTokens: 0,
        }))
        yield* pairs.count(entries)
        assert.strictEqual((yield* pairs.ledger({ orgId }))[0]?.runs, 5000)
      }),
    )

    it.effect("a trim keeps the newest pairs and the newer hours, and nothing else", () =>
      Effect.gen(function* () {
        const pairs = yield* ShadowPairs
        const orgId = newOrg()
        const all = Array.from({ length: 4 }, () => newPair({ orgId }))
        yield* Effect.forEach(all, addPair)
        yield* pairs.trim({ pairs: 1000, hour: 0 })
        assert.lengthOf((yield* pairs.page({ orgId }, { limit: 9 })).entries, 4)
        yield* pairs.trim({ pairs: 3, hour: hourOf(noon) + 1 })
        assert.deepStrictEqual((yield* pairs.page({}, { limit: 9 })).entries, all.slice(1).toReversed())
        const left = yield* pairs.ledger({})
        assert.isEmpty(left.filter(({ ending }) => ending === "dropped_busy"))
        assert.isNotEmpty(left)
      }),
    )
  })
