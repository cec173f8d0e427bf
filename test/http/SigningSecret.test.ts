import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { SigningSecret } from "../../src/http/SigningSecret.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const platform = Layer.mergeAll(NodeServices.layer, NodeCrypto.layerSecureRandom)

/** As a new process gets it. */
const started = (dataDir: string, secret?: string) =>
  Effect.map(SigningSecret, ({ made, secret }) => ({ made, text: Redacted.value(secret) })).pipe(
    Effect.provide(
      SigningSecret.layer({ secret: secret === undefined ? undefined : Redacted.make(secret), dataDir }),
    ),
  )

const test = (
  name: string,
  body: Effect.Effect<void, unknown, Layer.Success<typeof platform> | Scope.Scope>,
) => it.live(name, () => Effect.provide(body, platform))

const fileIn = (folder: string) => Path.join(folder, "jwt-secret")

describe("fault 20: there is no default secret", () => {
  test(
    "the first start makes one, which only its owner can read, and later starts keep it",
    Effect.gen(function* () {
      const folder = Path.join(yield* temporaryFolder, "not", "there", "yet")
      const first = yield* started(folder)
      assert.isTrue(first.made)
      assert.isAtLeast(Buffer.from(first.text, "base64url").length, 48)
      assert.strictEqual(Fs.statSync(fileIn(folder)).mode & 0o777, 0o600)
      assert.deepStrictEqual(yield* started(folder), first)
    }),
  )

  test(
    "two folders have two secrets",
    Effect.gen(function* () {
      const [one, other] = [yield* started(yield* temporaryFolder), yield* started(yield* temporaryFolder)]
      assert.notStrictEqual(one.text, other.text)
    }),
  )

  test(
    "one that is given is used as it is, and none is made",
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const given = " a secret with blanks, of 32 bytes "
      assert.deepStrictEqual(yield* started(folder, given), { made: false, text: given })
      assert.isFalse(Fs.existsSync(fileIn(folder)))
    }),
  )

  test(
    "processes that start at once agree on one",
    Effect.gen(function* () {
      for (let round = 0; round < 10; round++) {
        const folder = yield* temporaryFolder
        const all = yield* Effect.all(
          Array.from({ length: 10 }, () => started(folder)),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(new Set(all.map(({ text }) => text)).size, 1)
        assert.isAtLeast(all[0]?.text.length ?? 0, 48)
      }
    }),
  )

  test(
    "a file that is not yet written is waited for, and one that was left empty or short by a crash is refused",
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      Fs.writeFileSync(fileIn(folder), "\n")
      const writer = yield* Effect.forkChild(
        Effect.andThen(
          Effect.sleep(100),
          Effect.sync(() => Fs.writeFileSync(fileIn(folder), "x".repeat(48))),
        ),
      )
      assert.strictEqual((yield* started(folder)).text, "x".repeat(48))
      yield* Fiber.join(writer)
      Fs.writeFileSync(fileIn(folder), "too short")
      const error = yield* Effect.flip(started(folder))
      assert.strictEqual(error._tag, "SigningSecretUnusable")
      assert.include(error.message, fileIn(folder))
      assert.notInclude(error.message, "too short")
    }),
  )

  test(
    "a folder that cannot be written stops the start",
    Effect.gen(function* () {
      const file = Path.join(yield* temporaryFolder, "file")
      Fs.writeFileSync(file, "")
      assert.strictEqual((yield* Effect.exit(started(file)))._tag, "Failure")
    }),
  )
})
