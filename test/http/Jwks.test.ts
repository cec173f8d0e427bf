import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as Jwks from "../../src/http/Jwks.ts"
import * as Jwt from "../../src/http/Jwt.ts"
import { defaults } from "../../src/domain/TokenRules.ts"
import { noon } from "../support/fixtures.ts"
import { httpClient, type KeyServer, keyServer, makeKey, serving, sign } from "../support/identityProvider.ts"

const [first, second, third] = await Promise.all([
  makeKey("RS256", "first"),
  makeKey("RS256", "second"),
  makeKey("ES256", "third"),
])
const claims = { sub: "ana", org_id: "acme", exp: noon / 1000 + 86_400 }
const tokenOf = (key: typeof first, header = {}) => Effect.promise(() => sign(key, claims, header))

const verifierOf = (server: KeyServer) =>
  Effect.map(Effect.andThen(TestClock.setTime(noon), Jwks.make(server.url)), (jwks): Jwt.Verifier => ({
    secrets: [],
    jwks,
    rules: defaults,
  }))

/** The user of the token, or the tag of the error. */
const seen = (verifier: Jwt.Verifier, token: string) =>
  Jwt.verify(verifier, token).pipe(
    Effect.map(({ principal }): string => principal.userId),
    Effect.catch((error) => Effect.succeed(error._tag)),
  )

const check = (verifier: Jwt.Verifier, key: typeof first, header = {}) =>
  Effect.flatMap(tokenOf(key, header), (token) => seen(verifier, token))

describe("the keys of an identity provider", () => {
  it.effect("are fetched once for many tokens", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk, third.jwk])
      const verifier = yield* verifierOf(server)
      const tokens = yield* Effect.all([tokenOf(first), tokenOf(third)])
      const found = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, index) => tokens[index % 2]!),
        (token) => seen(verifier, token),
        { concurrency: "unbounded" },
      )
      assert.deepStrictEqual(new Set(found), new Set(["ana"]))
      assert.strictEqual(server.hits, 1)
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("are fetched again when a token names a new one; withdrawn keys are refused from then on", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      const verifier = yield* verifierOf(server)
      assert.strictEqual(yield* check(verifier, first), "ana")
      server.answer = serving({ keys: [second.jwk] })
      assert.strictEqual(yield* check(verifier, first), "ana")
      assert.strictEqual(yield* check(verifier, second), "ana")
      assert.strictEqual(server.hits, 2)
      assert.strictEqual(yield* check(verifier, first), "TokenInvalid")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("are fetched every five minutes, so a withdrawn key is refused without anything else", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      const verifier = yield* verifierOf(server)
      assert.strictEqual(yield* check(verifier, first), "ana")
      const asked = new Promise<void>((resolve) => {
        server.answer = (request, response) => {
          serving({ keys: [second.jwk] })(request, response)
          resolve()
        }
      })
      yield* TestClock.adjust("5 minutes")
      yield* Effect.promise(() => asked)
      // Waits for the fetch under way.
      assert.strictEqual(yield* check(verifier, second), "ana")
      assert.strictEqual(server.hits, 2)
      assert.strictEqual(yield* check(verifier, first), "TokenInvalid")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("X1: E3: are fetched at most twice in 30 s, for a thousand tokens with random key ids", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      const verifier = yield* verifierOf(server)
      const burst = (concurrency: number | "unbounded") =>
        Effect.forEach(
          Array.from({ length: 500 }, (_, index) => index),
          (index) => check(verifier, second, { kid: `random-${index}` }),
          { concurrency },
        )
      for (const expected of [2, 4]) {
        const found = [...(yield* burst("unbounded")), ...(yield* burst(1))]
        assert.deepStrictEqual(new Set(found), new Set(["TokenInvalid"]))
        assert.strictEqual(server.hits, expected)
        assert.strictEqual(yield* check(verifier, first), "ana")
        yield* TestClock.adjust("30 seconds")
      }
      // And a key that the provider adds meanwhile is known soon after.
      server.answer = serving({ keys: [first.jwk, second.jwk] })
      assert.strictEqual(yield* check(verifier, second), "ana")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("E3: stay in use while the provider is down for an hour, and follow it when it is back", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      const verifier = yield* verifierOf(server)
      assert.strictEqual(yield* check(verifier, first), "ana")
      server.answer = (_, response) => response.destroy()
      for (let minute = 0; minute < 60; minute += 1) {
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* check(verifier, first), "ana")
        assert.strictEqual(yield* check(verifier, second), "TokenInvalid")
      }
      server.answer = serving({ keys: [second.jwk] })
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* check(verifier, second), "ana")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("are unavailable, which is no fault of the token, until they were fetched once", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      server.answer = serving("down", 503)
      const verifier = yield* verifierOf(server)
      assert.strictEqual(yield* check(verifier, first), "KeysUnavailable")
      assert.strictEqual(yield* check(verifier, first), "KeysUnavailable")
      server.answer = serving({ keys: [first.jwk] })
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* check(verifier, first), "ana")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("are not waited for longer than five seconds", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      const asked = new Promise<void>((resolve) => {
        server.answer = (_, response) => {
          // A provider that begins and does not end.
          response.writeHead(200)
          response.write("{")
          resolve()
        }
      })
      const verifier = yield* verifierOf(server)
      const token = yield* tokenOf(first)
      const fiber = yield* Effect.forkChild(seen(verifier, token), { startImmediately: true })
      yield* Effect.promise(() => asked)
      yield* TestClock.adjust("4999 millis")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(fiber), "KeysUnavailable")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("are fetched to the end although the caller leaves", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      const verifier = yield* verifierOf(server)
      assert.strictEqual(yield* check(verifier, first), "ana")
      let answer = () => {}
      const asked = new Promise<void>((resolve) => {
        server.answer = (request, response) => {
          answer = () => serving({ keys: [second.jwk] })(request, response)
          resolve()
        }
      })
      const fiber = yield* Effect.forkChild(check(verifier, second))
      yield* Effect.promise(() => asked)
      yield* Fiber.interrupt(fiber)
      const next = yield* Effect.forkChild(check(verifier, second))
      answer()
      assert.strictEqual(yield* Fiber.join(next), "ana")
      assert.strictEqual(server.hits, 2)
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("X1: stay as they are when the answer is no usable set of keys", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk])
      const other = yield* keyServer([second.jwk])
      const verifier = yield* verifierOf(server)
      assert.strictEqual(yield* check(verifier, first), "ana")
      const good = { keys: [second.jwk] }
      for (const answer of [
        serving(good, 404),
        serving(good, 201),
        serving("<html>"),
        serving("null"),
        serving("{}"),
        serving({ keys: [] }),
        serving({ keys: {} }),
        serving({ keys: [1, null, {}] }),
        serving({ ...good, padding: "x".repeat(300_000) }),
        ((_, response) => {
          response.writeHead(302, { location: other.url })
          response.end()
        }) satisfies KeyServer["answer"],
      ]) {
        yield* TestClock.adjust("30 seconds")
        server.answer = answer
        assert.strictEqual(yield* check(verifier, second), "TokenInvalid")
        assert.strictEqual(yield* check(verifier, first), "ana")
      }
      assert.strictEqual(other.hits, 0)
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("are used although the set has entries that are no keys, or of unknown kinds", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([])
      const others = [null, 7, {}, { kty: 7 }, { kty: "new", kid: "first" }, { kty: "RSA", kid: "broken" }]
      server.answer = serving({ keys: [...others, first.jwk] })
      const verifier = yield* verifierOf(server)
      assert.strictEqual(yield* check(verifier, first), "ana")
      assert.strictEqual(yield* check(verifier, first, { kid: "broken" }), "TokenInvalid")
    }).pipe(Effect.provide(httpClient)),
  )

  it.effect("are all tried for a token without a key id", () =>
    Effect.gen(function* () {
      const server = yield* keyServer([first.jwk, second.jwk, third.jwk])
      const verifier = yield* verifierOf(server)
      for (const key of [first, second, third])
        assert.strictEqual(yield* check(verifier, key, { kid: undefined }), "ana")
      const stranger = yield* Effect.promise(() => makeKey("RS256", "stranger"))
      assert.strictEqual(yield* check(verifier, stranger, { kid: undefined }), "TokenInvalid")
    }).pipe(Effect.provide(httpClient)),
  )
})
