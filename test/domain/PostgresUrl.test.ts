import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import { parse, type PostgresUrl, sslModes } from "../../src/domain/PostgresUrl.ts"

const plain: PostgresUrl = {
  hosts: [{ host: "db.example", port: 5432 }],
  user: undefined,
  password: undefined,
  database: undefined,
  applicationName: undefined,
  options: undefined,
  connectTimeoutSeconds: undefined,
  sslMode: undefined,
  rootCertificate: undefined,
  certificate: undefined,
  key: undefined,
  isReadWrite: false,
}

describe("a URL of PostgreSQL", () => {
  it.each<readonly [string, Partial<PostgresUrl>]>([
    ["postgres://db.example", {}],
    ["postgresql://db.example/", {}],
    ["postgres://ana@db.example/chat", { user: "ana", database: "chat" }],
    ["postgres://ana:p%40ss%2Fword%3A%25@db.example", { user: "ana", password: "p@ss/word:%" }],
    ["postgres://ana:a#b:c@d@db.example", { user: "ana", password: "a#b:c@d" }],
    ["postgres://a%20b@db.example/c%2Fd", { user: "a b", database: "c/d" }],
    ["postgres://ana@db.example:6000", { user: "ana", hosts: [{ host: "db.example", port: 6000 }] }],
    ["postgres://[::1]:6000/chat", { hosts: [{ host: "::1", port: 6000 }], database: "chat" }],
    ["postgres://[2001:db8::1]", { hosts: [{ host: "2001:db8::1", port: 5432 }] }],
    [
      "postgres://ana:secret@/chat?host=/cloudsql/project:region:instance",
      {
        user: "ana",
        password: "secret",
        database: "chat",
        hosts: [{ host: "/cloudsql/project:region:instance", port: 5432 }],
      },
    ],
    [
      "postgres:///chat?host=%2Fcloudsql%2Fp%3Ar%3Ai&port=6000",
      { database: "chat", hosts: [{ host: "/cloudsql/p:r:i", port: 6000 }] },
    ],
    ["postgres://%2Fvar%2Frun/chat", { database: "chat", hosts: [{ host: "/var/run", port: 5432 }] }],
    [
      "postgres://one:6001,two,[::1]:6003/chat?target_session_attrs=read-write",
      {
        hosts: [
          { host: "one", port: 6001 },
          { host: "two", port: 5432 },
          { host: "::1", port: 6003 },
        ],
        database: "chat",
        isReadWrite: true,
      },
    ],
    [
      "postgres://?host=one,two&port=6000&target_session_attrs=any",
      {
        hosts: [
          { host: "one", port: 6000 },
          { host: "two", port: 6000 },
        ],
      },
    ],
    [
      "postgres://db.example?user=ana&password=a%26b&dbname=chat&application_name=chat+1&options=-c%20search_path%3Dchat",
      {
        user: "ana",
        password: "a&b",
        database: "chat",
        applicationName: "chat+1",
        options: "-c search_path=chat",
      },
    ],
    ["postgres://db.example?connect_timeout=3", { connectTimeoutSeconds: 3 }],
    ["postgres://db.example?ssl=true", { sslMode: "require" }],
    [
      "postgres://db.example?sslmode=verify-ca&sslrootcert=/ca.pem&sslcert=/me.pem&sslkey=/me.key",
      { sslMode: "verify-ca", rootCertificate: "/ca.pem", certificate: "/me.pem", key: "/me.key" },
    ],
    ["postgres://db.example?channel_binding=prefer&gssencmode=disable", {}],
  ])("is read as libpq reads it: %s", (url, expected) => {
    assert.deepStrictEqual(Result.getOrThrow(parse(url)), { ...plain, ...expected })
  })

  it.each(sslModes)("may have sslmode=%s", (mode) => {
    assert.strictEqual(Result.getOrThrow(parse(`postgres://db.example?sslmode=${mode}`)).sslMode, mode)
  })

  it.each([
    ["mysql://db.example", "postgres:// nor postgresql://"],
    ["host=db.example user=ana", "postgres:// nor postgresql://"],
    ["postgres://", "names no host"],
    ["postgres:///chat", "names no host"],
    ["postgres://one,,two/chat", "names no host"],
    ["postgres://ana:hunter2?x@db.example/chat", "percent-encode : / ? @ in a password"],
    ["postgres://ana:hunter2/x@db.example/chat", "percent-encode : / ? @ in a password"],
    ["postgres://ana:hunter2%@db.example/chat", "%25"],
    ["postgres://db.example:0", "from 1 to 65535"],
    ["postgres://db.example:70000", "from 1 to 65535"],
    ["postgres://[::1/chat", "cannot be read"],
    ["postgres://one,two,three?port=1,2", "3 hosts and 2 ports"],
    ["postgres://db.example?sslmode=on", "allowed: disable, allow, prefer, require, verify-ca, verify-full"],
    ["postgres://db.example?target_session_attrs=standby", "allowed: any, read-write, primary"],
    ["postgres://db.example?channel_binding=require", "channel_binding=require cannot be honoured"],
    ["postgres://db.example?connect_timeout=soon", "connect_timeout"],
    ["postgres://db.example?schema=public", "the parameter schema (allowed: host, port,"],
    ["postgres://db.example?__proto__=1", "the parameter __proto__"],
    ["postgres://db.example?sslmode", "no ="],
    ["postgres://db.example/a%00b", "NUL"],
  ])("is refused in a message with the allowed values, without its password: %s", (url, words) => {
    const problem = Result.getOrThrow(Result.flip(parse(url)))
    assert.include(problem, words)
    assert.notInclude(problem, "hunter2")
  })
})
