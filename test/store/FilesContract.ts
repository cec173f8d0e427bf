/** The contract of `Files`, and of the files of a message that begins. */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { randomUUID } from "node:crypto"
import { AgentId, ApiKeyId, FileId, OrgId, SessionId, UserId } from "../../src/domain/Ids.ts"
import { AgentDenied } from "../../src/domain/Principal.ts"
import {
  AttachmentGone,
  FileNotFound,
  type FileReader,
  Files,
  type StoredFile,
} from "../../src/store/Files.ts"
import { QuotaExceeded } from "../../src/store/Quotas.ts"
import { Runs } from "../../src/store/Runs.ts"
import type { Stores } from "./StoreContract.ts"
import { newPrincipal, newTurn } from "./Turns.ts"

const ana = { orgId: OrgId.make("acme"), userId: UserId.make(`ana ${randomUUID()}`) }
const ben = { ...ana, userId: UserId.make("ben") }
const eve = { orgId: OrgId.make("other"), userId: ana.userId }
const quotas = { pendingFiles: 3, pendingBytes: 1000, orgBytes: 1e12 }

const fileOf = (owner: typeof ana, changes: Partial<StoredFile> = {}): StoredFile => ({
  fileId: FileId.make(randomUUID()),
  ...owner,
  filename: "a\0\ud800.md",
  mediaType: "text/markdown",
  kind: "text",
  bytes: 100,
  sha256: "00",
  sessionId: null,
  createdAt: 5,
  ...changes,
})

const newOwner = () => ({ ...ana, orgId: OrgId.make(`org ${randomUUID()}`) })

export const files = (name: string, layer: Layer.Layer<Files | Stores, unknown>) =>
  withLayer(layer)(`${name}: files`, (it) => {
    it.effect("shows a file to its owner only", () =>
      Effect.gen(function* () {
        const files = yield* Files
        const owner = newOwner()
        const file = fileOf(owner)
        yield* files.add([file], quotas)
        assert.deepStrictEqual(yield* files.get(owner, file.fileId), file)
        for (const other of [ben, eve, { ...owner, userId: ben.userId }, { ...owner, orgId: eve.orgId }]) {
          assert.instanceOf(yield* Effect.flip(files.get(other, file.fileId)), FileNotFound)
          assert.deepStrictEqual(yield* files.find(other, [file.fileId]), [])
          assert.deepStrictEqual((yield* files.list(other, { limit: 10 })).entries, [])
          assert.instanceOf(yield* Effect.flip(files.delete(other, file.fileId)), FileNotFound)
        }
        assert.deepStrictEqual((yield* files.list(owner, { limit: 10 })).entries, [file])
      }),
    )

    it.effect(
      "refuses unused uploads above the limits of their number and bytes, and the organisation's bytes",
      () =>
        Effect.gen(function* () {
          const files = yield* Files
          const owner = newOwner()
          yield* files.add([fileOf(owner), fileOf(owner)], quotas)
          const resource = (error: unknown) => (error instanceof QuotaExceeded ? error.resource : error)
          const tooMany = yield* Effect.flip(files.add([fileOf(owner), fileOf(owner)], quotas))
          assert.strictEqual(resource(tooMany), "unused uploads")
          const tooLarge = yield* Effect.flip(files.add([fileOf(owner, { bytes: 801 })], quotas))
          assert.strictEqual(resource(tooLarge), "MiB of unused uploads")
          const beyondOrg = yield* Effect.flip(files.add([fileOf(owner)], { ...quotas, orgBytes: 299 }))
          assert.strictEqual(resource(beyondOrg), "MiB of files")
          assert.strictEqual((yield* files.list(owner, { limit: 10 })).entries.length, 2)
          yield* files.mayUpload(owner, quotas)
          yield* files.add([fileOf(owner)], quotas)
          assert.strictEqual(resource(yield* Effect.flip(files.mayUpload(owner, quotas))), "unused uploads")
        }),
    )

    it.effect("forgets a deleted file at once, and an unused one after its time", () =>
      Effect.gen(function* () {
        const files = yield* Files
        const owner = newOwner()
        const used = fileOf(owner, { sessionId: SessionId.make(randomUUID()) })
        const [old, young, gone] = [
          fileOf(owner, { createdAt: 9 }),
          fileOf(owner, { createdAt: 10 }),
          fileOf(owner),
        ]
        yield* files.add([old, young, gone], quotas)
        yield* files.delete(owner, gone.fileId)
        assert.instanceOf(yield* Effect.flip(files.delete(owner, gone.fileId)), FileNotFound)
        yield* files.deleteUnused(10)
        const left = (yield* files.list(owner, { limit: 10 })).entries.map(({ fileId }) => fileId)
        assert.deepStrictEqual(left, [young.fileId])
        const known = yield* files.known([old.fileId, young.fileId, used.fileId])
        assert.deepStrictEqual([...known].toSorted(), [old.fileId, young.fileId].toSorted())
      }),
    )

    it.effect("binds the files of a message with its turn, or refuses the turn", () =>
      Effect.gen(function* () {
        const files = yield* Files
        const runs = yield* Runs
        const principal = newPrincipal()
        const owner = { orgId: principal.orgId, userId: principal.userId }
        const [first, second, gone] = [fileOf(owner), fileOf(owner), fileOf(owner)]
        yield* files.add([first, second, gone], quotas)
        yield* files.delete(owner, gone.fileId)
        const turnWith = (...attachments: ReadonlyArray<StoredFile>) => {
          const made = newTurn(principal)
          return { ...made, userMessage: { ...made.userMessage, attachments } }
        }
        const refused = turnWith(first, gone)
        assert.instanceOf(yield* Effect.flip(runs.begin(refused)), AttachmentGone)
        assert.strictEqual((yield* files.get(owner, first.fileId)).sessionId, null)
        assert.isUndefined(yield* runs.runningOf(refused.session.id))
        const turn = turnWith(first, second)
        yield* runs.begin(turn)
        for (const { fileId } of [first, second])
          assert.strictEqual((yield* files.get(owner, fileId)).sessionId, turn.session.id)
        // Another session, and another user's turn.
        assert.instanceOf(yield* Effect.flip(runs.begin(turnWith(first))), AttachmentGone)
        yield* files.deleteUnused(100)
        assert.strictEqual((yield* files.list(owner, { limit: 10 })).entries.length, 2)
      }),
    )

    it.effect("keeps a key that is limited to agents from the files of other agents' sessions", () =>
      Effect.gen(function* () {
        const files = yield* Files
        const principal = newPrincipal()
        const owner = { orgId: principal.orgId, userId: principal.userId }
        const turn = newTurn(principal)
        const [used, unused] = [fileOf(owner), fileOf(owner)]
        yield* files.add([used, unused], quotas)
        yield* (yield* Runs).begin({ ...turn, userMessage: { ...turn.userMessage, attachments: [used] } })
        const withKey = (...agents: ReadonlyArray<AgentId>) => {
          const id = ApiKeyId.make(`key_${"0".repeat(32)}`)
          return { ...owner, key: { id, agents, ratePerMinute: null, expiresAt: null } }
        }
        const seen = (reader: FileReader) =>
          Effect.map(
            files.list(reader, { limit: 10 }),
            ({ entries }) => new Set(entries.map((file) => file.fileId)),
          )
        const allowed = withKey(turn.session.agentId)
        for (const limited of [withKey(), withKey(AgentId.make(randomUUID()))]) {
          assert.deepStrictEqual(yield* seen(limited), new Set([unused.fileId]))
          assert.strictEqual((yield* files.get(limited, unused.fileId)).fileId, unused.fileId)
          assert.instanceOf(yield* Effect.flip(files.get(limited, used.fileId)), AgentDenied)
          assert.instanceOf(yield* Effect.flip(files.delete(limited, used.fileId)), AgentDenied)
        }
        assert.deepStrictEqual(yield* seen(allowed), new Set([used.fileId, unused.fileId]))
        yield* files.delete(allowed, used.fileId)
        assert.instanceOf(yield* Effect.flip(files.get(owner, used.fileId)), FileNotFound)
      }),
    )

    it.effect("refuses the files of another user", () =>
      Effect.gen(function* () {
        const files = yield* Files
        const runs = yield* Runs
        const file = fileOf(newOwner())
        yield* files.add([file], quotas)
        const made = newTurn(newPrincipal())
        const turn = { ...made, userMessage: { ...made.userMessage, attachments: [file] } }
        assert.instanceOf(yield* Effect.flip(runs.begin(turn)), AttachmentGone)
      }),
    )
  })
