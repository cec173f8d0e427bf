/** The pure rules of `crossfade doctor`. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { describe, expect, it } from "vitest"
import { addresses } from "../../../src/cli/doctor/AddressRules.ts"
import { skewOf } from "../../../src/cli/doctor/ClockSkew.ts"
import { stepFinding } from "../../../src/cli/doctor/DatabaseChecks.ts"
import { textOf } from "../../../src/cli/doctor/DoctorText.ts"
import { failed, ok, warning } from "../../../src/cli/doctor/Finding.ts"
import { findingsOf, type Folder } from "../../../src/cli/doctor/FolderChecks.ts"
import { hideSecrets } from "../../../src/cli/doctor/HiddenSecrets.ts"
import { filesFinding, nodeFinding } from "../../../src/cli/doctor/ProcessChecks.ts"
import { proxyOf } from "../../../src/cli/doctor/ProxyRoute.ts"
import { infoFindings } from "../../../src/cli/doctor/RedisChecks.ts"
import { findingOf } from "../../../src/cli/doctor/UpstreamAdvice.ts"
import * as Config from "../../../src/config/Config.ts"
import * as Errors from "../../../src/execution/ExecutionError.ts"

const at = 1_800_000_000_000

describe("the clock of another machine", () => {
  it.each([
    [0, "ok"],
    [4900, "ok"],
    [-4900, "ok"],
    [6000, "warning"],
    [-6000, "warning"],
    [59_000, "warning"],
    [61_000, "failed"],
    [-86_400_000, "failed"],
  ])("with a difference of %d ms is %s", (difference, status) => {
    expect(skewOf("x", at + difference, at, at).status).toBe(status)
  })

  it("is right while the answer takes long", () => {
    expect(skewOf("x", at + 8000, at, at + 9000).status).toBe("ok")
  })

  it("is named with its direction in a readable unit", () => {
    expect(skewOf("x", at + 7000, at, at).seen).toBe("7 s ahead of this machine")
    expect(skewOf("x", at - 3 * 86_400_000, at, at).seen).toBe("3 days behind this machine")
  })
})

describe("the route of a request", () => {
  const settings = (except: string) => ({
    http: Redacted.make("http://user:secret@plain.proxy:3128"),
    https: Redacted.make("http://tls.proxy:3129"),
    except,
  })
  const url = "https://api.llm.example/v1"

  it.each([
    ["", "http://tls.proxy:3129"],
    ["*", undefined],
    ["other.example", "http://tls.proxy:3129"],
    ["llm.example", undefined],
    [".llm.example", undefined],
    ["*.llm.example", undefined],
    ["m.example", "http://tls.proxy:3129"],
    ["api.llm.example:443", undefined],
    ["api.llm.example:8443", "http://tls.proxy:3129"],
    ["x, API.LLM.example", undefined],
  ])("follows NO_PROXY=%j", (except, expected) => {
    expect(proxyOf(url, settings(except))).toBe(expected)
  })

  it("shows no credentials of the proxy", () => {
    expect(proxyOf("http://runtime:8801", settings(""))).toBe("http://plain.proxy:3128")
  })

  it("handles IPv6, and a proxy for http only", () => {
    expect(proxyOf("http://[::1]:8801", settings("::1"))).toBeUndefined()
    expect(proxyOf("http://[::1]:8801", settings("[::1]:8801"))).toBeUndefined()
    expect(proxyOf("http://[::1]:8801", settings("[::1]:1"))).toBe("http://plain.proxy:3128")
    expect(proxyOf(url, { ...settings(""), https: undefined })).toBe("http://plain.proxy:3128")
    expect(proxyOf(url, { http: undefined, https: undefined, except: "" })).toBeUndefined()
  })
})

describe("the data folder", () => {
  const folder: Folder = {
    path: "/srv/data",
    exists: true,
    isFolder: true,
    refusal: undefined,
    freeMb: 5000,
    hasDatabase: true,
  }
  const place = { DATABASE_URL: undefined, NODE_ENV: "production", isGiven: true } as const
  const statuses = (found: Partial<Folder>, given: Partial<{ isGiven: boolean }> = {}) =>
    findingsOf({ ...folder, ...found }, { ...place, ...given }).map(({ status }) => status)

  it.each([
    ["is fine", {}, ["ok", "ok"]],
    ["is a file", { isFolder: false }, ["failed", "ok"]],
    ["is read-only", { refusal: "EACCES" }, ["failed", "ok"]],
    ["has no database", { hasDatabase: false }, ["warning", "ok"]],
    ["is nearly full", { freeMb: 500 }, ["ok", "warning"]],
    ["is full", { freeMb: 0 }, ["ok", "failed"]],
    ["is on a disk of unknown size", { freeMb: undefined }, ["ok"]],
    ["does not exist yet", { exists: false, hasDatabase: false }, ["warning", "ok"]],
  ] as const)("%s", (_, found, expected) => {
    expect(statuses(found)).toEqual(expected)
  })

  it("fails in production if DATA_DIR does not name it and it does not exist", () => {
    expect(statuses({ exists: false, hasDatabase: false }, { isGiven: false })).toEqual(["failed", "ok"])
  })
})

describe("the versions", () => {
  it.each([
    ["20.20.2", 4000, "failed"],
    ["22.18.0", 4000, "failed"],
    ["22.19.0", 4000, "ok"],
    ["24.1.0", 4000, "ok"],
    ["24.1.0", 256, "warning"],
  ])("Node %s with %d MB is %s", (version, heap, status) => {
    expect(nodeFinding(version, heap).status).toBe(status)
  })

  it("warns if the streams need more files than may be open", () => {
    expect(filesFinding(1024, 2000).status).toBe("warning")
    expect(filesFinding(Number.POSITIVE_INFINITY, 2000).status).toBe("ok")
  })

  it.each([
    [undefined, "warning"],
    [13, "ok"],
    [14, "ok"],
    [15, "failed"],
  ])("schema step %s of a program that knows 14 is %s", (step, status) => {
    expect(stepFinding("here", step, 14).status).toBe(status)
  })
})

describe("Redis", () => {
  const info = (fields: Readonly<Record<string, string>>) =>
    `# Server\r\n${Object.entries({
      redis_version: "7.0.15",
      role: "master",
      maxmemory: "100",
      maxmemory_policy: "noeviction",
      ...fields,
    })
      .map(([name, value]) => `${name}:${value}`)
      .join("\r\n")}\r\n`

  it.each([
    ["is fine", {}, ["ok"]],
    ["evicts keys", { maxmemory_policy: "allkeys-lru" }, ["warning"]],
    ["never evicts without a limit", { maxmemory_policy: "allkeys-lru", maxmemory: "0" }, ["ok"]],
    ["is a replica", { role: "slave" }, ["failed"]],
  ])("%s", (_, fields, statuses) => {
    expect(infoFindings(info(fields)).map(({ status }) => status)).toEqual(statuses)
  })
})

describe("an upstream's failure", () => {
  const variables = { address: "X_URL", key: "X_KEY", model: "X_MODEL", limit: "X_LIMIT" }
  const upstream = "x"
  const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" })
  const cases: ReadonlyArray<readonly [string, Errors.ExecutionError, string, string]> = [
    ["a wrong key", new Errors.UpstreamMisconfigured({ upstream, status: 401 }), "failed", "X_KEY"],
    ["an unknown model", new Errors.UpstreamMisconfigured({ upstream, status: 404 }), "failed", "X_MODEL"],
    ["no credit", new Errors.UpstreamMisconfigured({ upstream, status: 402 }), "failed", "credit"],
    ["a dead port", new Errors.UpstreamUnreachable({ upstream, cause: refused }), "failed", "X_URL"],
    ["another protocol", new Errors.UpstreamGarbled({ upstream, detail: "" }), "failed", "X_URL"],
    [
      "a hang",
      new Errors.FirstContentTimeout({ upstream, afterMs: 8000 }),
      "failed",
      "does not answer in time",
    ],
    ["a rate limit", new Errors.UpstreamRateLimited({ upstream }), "warning", "limit"],
    ["an answer without text", new Errors.UpstreamEmpty({ upstream }), "ok", "nothing"],
  ]
  it.each(cases)("for %s is %#", (_, error, status, advice) => {
    const finding = findingOf("x", error, variables)
    expect(finding.status).toBe(status)
    expect(finding.advice ?? "nothing").toContain(advice)
  })

  it.each([
    ["getaddrinfo ENOTFOUND x", "host name"],
    ["self-signed certificate", "NODE_EXTRA_CA_CERTS"],
    [
      "0C:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../a/b.c:77:",
      "http://",
    ],
  ])("names the remedy for %s", (message, advice) => {
    const error = new Errors.UpstreamUnreachable({ upstream, cause: new Error(message) })
    const finding = findingOf("x", error, variables)
    expect(finding.advice).toContain(advice)
    expect(finding.seen).not.toContain("../a/b.c")
  })

  it("never repeats the upstream's own sentences", () => {
    const error = new Errors.UpstreamFailed({ upstream, code: "boom", message: "key sk-canary-1234" })
    expect(JSON.stringify(findingOf("x", error, variables))).not.toContain("canary")
  })
})

describe("the addresses of the service", () => {
  const statuses = (env: Config.Environment) =>
    Effect.runSync(Effect.map(Config.read(env), addresses)).map(({ status }) => status)
  const production = {
    NODE_ENV: "production",
    AUTH_JWT_SECRET: "r7Kp2Xw9Qz4Lm6Vb1Nc8Td3Yf5Hg0JsUa",
    OPENAI_API_KEY: "sk-not-a-key",
  }

  it.each([
    [{}, ["ok", "ok"]],
    [{ ...production, PUBLIC_URL: "https://chat.example" }, ["ok", "ok"]],
    [{ ...production, PUBLIC_URL: "http://chat.example" }, ["warning", "ok"]],
    [{ ...production, PUBLIC_URL: "http://localhost:3001" }, ["warning", "ok"]],
    [{ ...production, CORS_ALLOWED_ORIGINS: "http://page.example" }, ["ok", "warning"]],
    [{ RUNTIME_SERVICE_URL: "http://runtime" }, ["warning", "ok"]],
    [{ RUNTIME_SERVICE_URL: "http://runtime", RUNTIME_ATTACHMENTS: "none" }, ["ok", "ok"]],
  ])("%j are %j", (env, expected) => {
    expect(statuses(env)).toEqual(expected)
  })
})

describe("the output", () => {
  it("hides every secret of the environment, also a part of one", () => {
    const env = {
      DATABASE_URL: "postgres://crossfade:pass%21word@db.example/chat",
      AUTH_JWT_SECRET: "secret-of-tokens",
      DIRECT_LLM_MAIN_API_KEY: "sk-canary-0001",
      DIRECT_LLM_MAIN_HEADERS: "x-key: header-canary",
      HTTPS_PROXY: "http://proxy-user:proxy-canary@proxy.example:3128",
      OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=otel-canary",
      CROSSFADE_TOKEN: "token-canary",
      NOTIFY_CALL_URL: "https://hooks.example/services/hook-canary",
      NOTIFY_CALL_SECRET: "whsec-canary",
    }
    const canaries = [
      "pass%21word",
      "pass!word",
      "secret-of-tokens",
      "sk-canary-0001",
      "header-canary",
      "proxy-canary",
      "otel-canary",
      "token-canary",
      "https://hooks.example/services/hook-canary",
      "whsec-canary",
    ]
    const [finding] = hideSecrets(env, [failed("x", canaries.join(" and "), canaries.join(" or "))])
    for (const canary of canaries) expect(JSON.stringify(finding)).not.toContain(canary)
  })

  it("keeps ordinary words that a secret variable contains", () => {
    const env = { REDIS_URL: "redis://cache.example:6379", DIRECT_LLM_A_API_KEY: "none" }
    const finding = warning("redis", "cache.example:6379 has none", "Start it.")
    expect(hideSecrets(env, [finding])).toEqual([finding])
  })

  it("aligns the findings, puts the advice below and counts", () => {
    const text = textOf("/srv", "production", [
      ok("a", "fine"),
      failed("long name", "bad\u001b[2J", "Do it."),
    ])
    expect(text).toBe(
      [
        "crossfade doctor in /srv (production)",
        "",
        "ok       a          fine",
        "failed   long name  bad [2J",
        "                    → Do it.",
        "",
        "1 ok, 0 warnings, 1 failed",
      ].join("\n"),
    )
  })
})
