/** The contract of every adapter of `Runs` for the records of a running run: events, attempts, files. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { Runs } from "../../src/store/Runs.ts"
import type { RunEvent } from "../../src/runs/RunEvent.ts"
import type { Stores } from "./StoreContract.ts"
import { allEvents, attempt, begun, naughty, newPrincipal, newTurn, textEntries, textEntry } from "./Turns.ts"

export const runRecords = (name: string, layer: Layer.Layer<Stores, unknown>) =>
  withLayer(layer)(`Records of a run on ${name}`, (it) => {
    it.effect("a thousand events are read in order, each once, after overlapping writes", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const { run } = yield* begun()
        const other = yield* begun()
        yield* runs.append([{ id: run.id, entries: [] }])
        for (const [from, to] of [
          [501, 1000],
          [1, 600],
          [1, 600],
          [501, 900],
          [1, 2],
        ] as const)
          yield* runs.append([{ id: run.id, entries: textEntries(from, to) }])
        yield* runs.append([{ id: other.run.id, entries: textEntries(1, 3) }])
        const expected = textEntries(1, 1000)
        assert.deepStrictEqual(yield* allEvents(run.id, 0), expected)
        assert.deepStrictEqual(yield* allEvents(run.id, 990), expected.slice(990))
        assert.deepStrictEqual(yield* allEvents(run.id, 1000), [])
      }),
    )

    it.effect("a read of events returns at most a page of a large run, and continues from any cursor", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const { run } = yield* begun()
        const expected = Array.from({ length: 300 }, (_, n) =>
          textEntry(n + 1, "é".repeat(n < 200 ? 10 : 20_000)),
        )
        for (const entry of expected) yield* runs.append([{ id: run.id, entries: [entry] }])
        const small = yield* runs.events(run.id, 0)
        assert.lengthOf(small, 64)
        // Each has 40 KB: two of them pass the limit.
        assert.deepStrictEqual(yield* runs.events(run.id, 250), expected.slice(250, 251))
        assert.deepStrictEqual(yield* allEvents(run.id, 0), expected)
        assert.deepStrictEqual(yield* allEvents(run.id, 150), expected.slice(150))
      }),
    )

    it.effect("events of more runs than one statement can bind are stored all or none", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const { run } = yield* begun()
        const unwritable = { seq: Number.NaN, event: textEntry(1, "").event }
        const each = [...textEntries(1, 11_000), unwritable].map((entry) => ({
          id: run.id,
          entries: [entry],
        }))
        const error = yield* Effect.flip(runs.append(each))
        assert.deepInclude(error, { _tag: "StoreError", operation: "Runs.append" })
        assert.deepStrictEqual(yield* allEvents(run.id, 0), [])
        yield* runs.append(each.slice(0, -1))
        assert.strictEqual((yield* allEvents(run.id, 0)).length, 11_000)
      }),
    )

    it.effect("an event is read byte for byte, with keys that its schema does not know", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const { run } = yield* begun()
        const message = textEntry(1, naughty).event as Extract<RunEvent, { event: "message" }>
        const data = { extra: naughty, ...message.data, metadata: { stepId: "s", own: [naughty] } }
        const error = { code: "X", message: "", runId: run.id, recoverable: true, more: 1 }
        const entries = [
          { seq: 1, event: { ...message, data } },
          { seq: 2, event: { event: "error", data: error } },
        ] as const
        yield* runs.append([{ id: run.id, entries: entries }])
        assert.strictEqual(JSON.stringify(yield* allEvents(run.id, 0)), JSON.stringify(entries))
      }),
    )

    it.effect("a run that was never begun, or is purged, accepts no records", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const { id } = newTurn(newPrincipal()).run
        const file = { runId: id, fileId: "f", path: "/f", filename: "f", mimeType: "text/plain" }
        // Events of other runs may be in the same write, so it leaves these out.
        yield* runs.append([{ id, entries: textEntries(1, 1) }])
        assert.deepStrictEqual(yield* runs.events(id, 0), [])
        const writes = [runs.recordAttempt(id, attempt(1, false)), runs.recordFile(file)]
        for (const write of writes) assert.strictEqual((yield* Effect.flip(write))._tag, "StoreError")
      }),
    )

    it.effect("attempts are read by number, an answer's before its shadow's, each as first recorded", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const owner = newPrincipal()
        const { run } = yield* begun(newTurn(owner))
        const second = { ...attempt(2, false), outcome: "success", code: null, usage: { tokens: 3 } } as const
        for (const each of [second, attempt(1, true), attempt(1, false)])
          yield* runs.recordAttempt(run.id, each)
        yield* runs.recordAttempt(run.id, { ...second, outcome: "neutral" })
        const { attempts } = yield* runs.get(owner, run.id)
        assert.deepStrictEqual(attempts, [attempt(1, false), attempt(1, true), second])
      }),
    )

    it.effect("a file is found in its own run only, under the path that was announced last", () =>
      Effect.gen(function* () {
        const runs = yield* Runs
        const { run } = yield* begun()
        const other = yield* begun()
        const file = {
          runId: run.id,
          fileId: naughty,
          path: "/files/1",
          filename: naughty,
          mimeType: "text/csv",
        }
        yield* runs.recordFile(file)
        assert.deepStrictEqual(yield* runs.file(run.id, naughty), file)
        yield* runs.recordFile({ ...file, path: "/files/2" })
        assert.deepStrictEqual(yield* runs.file(run.id, naughty), { ...file, path: "/files/2" })
        assert.isUndefined(yield* runs.file(run.id, "another"))
        assert.isUndefined(yield* runs.file(other.run.id, naughty))
      }),
    )
  })
