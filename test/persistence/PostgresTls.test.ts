import { afterAll, assert, beforeAll, describe, inject, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Database from "../../src/store/Database.ts"
import { contradiction, type DatabaseTls, waysToConnect } from "../../src/persistence/PostgresTls.ts"
import { findBinaries, type Server, serverUser, start } from "../support/postgres.ts"
import { startGateway, temporaryFolder } from "../support/processes.ts"

const encrypted = (url: string, tls?: DatabaseTls) =>
  Effect.scoped(
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
    ).pipe(
      Effect.provide(Database.layer({ databaseUrl: Redacted.make(url), dataDir: "unused", tls })),
      Effect.map(([row]) => row!["ssl"]),
    ),
  )

describe("DATABASE_TLS and sslmode", () => {
  const url = (mode: string) => `postgres://me:hunter2@db.example/chat?sslmode=${mode}`

  it("must agree, or the start is refused", () => {
    assert.isUndefined(contradiction(undefined, "verify"))
    assert.isUndefined(contradiction("prefer", undefined))
    assert.isUndefined(contradiction("disable", "off"))
    assert.isUndefined(contradiction("require", "require"))
    assert.isUndefined(contradiction("verify-ca", "verify"))
    assert.isUndefined(contradiction("verify-full", "verify"))
    for (const [mode, tls] of [
      ["require", "off"],
      ["verify-full", "require"],
      ["disable", "verify"],
      ["prefer", "off"],
    ] as const)
      assert.include(contradiction(mode, tls), `sslmode=${mode} and DATABASE_TLS=${tls}: set only one`)
  })

  it("connect in libpq's order, and never more weakly than DATABASE_TLS", () => {
    assert.deepStrictEqual(waysToConnect(undefined, undefined, false), ["plain"])
    assert.deepStrictEqual(waysToConnect("allow", undefined, false), ["plain", "encrypted"])
    assert.deepStrictEqual(waysToConnect("prefer", undefined, false), ["encrypted", "plain"])
    assert.deepStrictEqual(waysToConnect("require", undefined, false), ["encrypted"])
    assert.deepStrictEqual(waysToConnect("require", undefined, true), ["authority"])
    assert.deepStrictEqual(waysToConnect("verify-ca", undefined, false), ["authority"])
    assert.deepStrictEqual(waysToConnect("verify-full", undefined, false), ["name"])
    assert.deepStrictEqual(waysToConnect("verify-ca", "verify", false), ["name"])
  })

  it.effect("stop the start before a connection is made if they differ", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(encrypted(url("require"), "off"))
      assert.deepInclude(error, { _tag: "DatabaseUnavailable", database: "db.example:5432/chat" })
      assert.include(error.message, "DATABASE_TLS=off: set only one of them")
      assert.notInclude(error.message, "hunter2")
    }),
  )
})

const plainUrl = inject("postgresUrl")
describe.skipIf(plainUrl === undefined)("PostgreSQL that requires TLS", () => {
  const folder = temporaryFolder()
  const certificate = Path.join(folder.path, "server.crt")
  const withMode = (url: string, mode: string, host: string, hasRoot: boolean) =>
    `${url.replace("127.0.0.1", host)}?sslmode=${mode}${hasRoot ? `&sslrootcert=${certificate}` : ""}`
  let server: Server
  beforeAll(async () => {
    const key = Path.join(folder.path, "server.key")
    const access = Path.join(folder.path, "access.conf")
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    const made = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    execFileSync("openssl", ["req", ...made, ...subject, "-keyout", key, "-out", certificate], {
      stdio: "ignore",
    })
    Fs.writeFileSync(access, "hostssl all all 127.0.0.0/8 trust\n")
    const owner = serverUser()
    if (owner !== undefined)
      for (const file of [folder.path, key, certificate, access]) Fs.chownSync(file, owner.uid, owner.gid)
    server = await start(findBinaries()!, {
      ssl: "on",
      ssl_cert_file: certificate,
      ssl_key_file: key,
      listen_addresses: "127.0.0.1,127.0.0.2",
      hba_file: access,
    })
  })
  afterAll(async () => {
    await server.stop()
    folder.dispose()
  })

  it.live("is used under any certificate with `require`", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* encrypted(server.url, "require"))
    }),
  )

  it.live("is refused with `verify` under an untrusted certificate", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(encrypted(server.url, "verify"))
      assert.deepInclude(error, { _tag: "DatabaseUnavailable" })
      assert.include(error.message, "self-signed certificate")
    }),
  )

  it("is used with `verify` if the certificate is among NODE_EXTRA_CA_CERTS", async () => {
    const gateway = await startGateway({
      DATABASE_URL: server.url,
      DATABASE_TLS: "verify",
      NODE_EXTRA_CA_CERTS: certificate,
      DATA_DIR: folder.path,
    })
    const ready = await fetch(`${gateway.url}/api/v1/health/ready`)
    await gateway.stop()
    assert.strictEqual(ready.status, 200)
  })

  it.live.each([
    ["allow", "any certificate", { host: "127.0.0.1" }],
    ["prefer", "any certificate", { host: "127.0.0.1" }],
    ["require", "any certificate", { host: "127.0.0.1" }],
    ["verify-ca", "another name", { host: "127.0.0.2", root: true }],
    ["verify-full", "its own name", { host: "localhost", root: true }],
  ] as const)("is used with sslmode=%s under %s", ([mode, , { host, ...given }]) =>
    Effect.gen(function* () {
      assert.isTrue(yield* encrypted(withMode(server.url, mode, host, "root" in given)))
    }),
  )

  it.live(
    "is refused with sslmode=verify-full under another name, and with verify-ca if its issuer is unknown",
    () =>
      Effect.gen(function* () {
        const elsewhere = yield* Effect.flip(
          encrypted(withMode(server.url, "verify-full", "127.0.0.2", true)),
        )
        assert.include(elsewhere.message, "not in the cert's list")
        const stranger = yield* Effect.flip(encrypted(withMode(server.url, "verify-ca", "127.0.0.1", false)))
        assert.include(stranger.message, "self-signed certificate")
      }),
  )

  it.live("rejects `off` with a message about encryption, and a server without TLS rejects `require`", () =>
    Effect.gen(function* () {
      assert.include((yield* Effect.flip(encrypted(server.url, "off"))).message, "no encryption")
      const plain = yield* Effect.flip(encrypted(plainUrl!, "require"))
      assert.include(plain.message, "The server does not support TLS")
    }),
  )

  it.live("may be a server without TLS with sslmode=prefer, allow or disable", () =>
    Effect.gen(function* () {
      for (const mode of ["prefer", "allow", "disable"])
        assert.isFalse(yield* encrypted(withMode(plainUrl!, mode, "127.0.0.1", false)))
    }),
  )
})
