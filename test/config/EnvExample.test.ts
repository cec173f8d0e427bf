import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { parseEnv } from "node:util"
import { envExample } from "../../scripts/env-example.ts"
import * as Config from "../../src/config/Config.ts"
import { commandVariables } from "../../src/config/ConfigCommands.ts"
import type { Variable } from "../../src/config/ConfigVariable.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const file = Fs.readFileSync(Path.join(root, ".env.example"), "utf8")

/** The file after every `#` before a variable is removed. */
const uncommented = parseEnv(file.replaceAll(/^#(?=[A-Z])/gm, ""))

/** The variables of one provider and of one webhook stand for those of any name. */
const isOfNamed = (name: string) => /^(DIRECT_LLM_MAIN|NOTIFY_ONCALL)_/.test(name)

describe(".env.example", () => {
  it("equals the output of scripts/env-example.ts: run `node scripts/env-example.ts > .env.example` if this fails", () => {
    assert.strictEqual(file, envExample())
  })

  it("has every variable, in the table's order, with its description and default", () => {
    const found = [...file.matchAll(/^#([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name)
    assert.deepStrictEqual(
      found.filter((name) => !isOfNamed(name ?? "")),
      Object.keys(Config.variables),
    )
    const text = file.replaceAll("\n# ", " ")
    for (const [name, { about, default: value, secret }] of Object.entries<Variable<unknown>>(
      Config.variables,
    )) {
      assert.include(text, `${about}\n#${name}=${secret ? "" : `${value}\n`}`)
    }
  })

  it("sets nothing, so that a copy of it changes nothing", () => {
    assert.deepStrictEqual({ ...parseEnv(file) }, {})
  })

  it.effect("is valid with all lines enabled, but for secrets, which must not be copied from here", () =>
    Effect.gen(function* () {
      const listed = { ...uncommented, DIRECT_LLM_PROVIDERS: "main" }
      const { problems } = yield* Effect.flip(Config.read(listed))
      assert.deepStrictEqual(
        problems.map(({ variable }) => variable),
        [
          "DATA_KEY",
          "DATA_KEYS_PREVIOUS",
          "AUTH_JWT_SECRET",
          "AUTH_JWT_PREVIOUS_SECRETS",
          "AUTH_OPERATOR_SECRET",
          "AUTH_OPERATOR_PREVIOUS_SECRETS",
          "CONSOLE_OIDC_CLIENT_SECRET",
          "FILES_S3_SECRET_ACCESS_KEY",
        ],
      )
      const { providers } = yield* Config.read({
        ...listed,
        DATA_KEY: "",
        DATA_KEYS_PREVIOUS: "",
        AUTH_JWT_SECRET: "",
        CONSOLE_OIDC_CLIENT_SECRET: "",
        AUTH_JWT_PREVIOUS_SECRETS: "",
        AUTH_OPERATOR_SECRET: "",
        AUTH_OPERATOR_PREVIOUS_SECRETS: "",
        FILES_S3_SECRET_ACCESS_KEY: "",
      })
      assert.deepStrictEqual(
        providers.map(({ name }) => name),
        ["main"],
      )
    }),
  )

  it.effect("shows the real defaults: enabling any line but a secret changes nothing", () =>
    Effect.gen(function* () {
      const secret = (name: string) =>
        isOfNamed(name) || Config.variables[name as keyof typeof Config.variables].secret
      const { CHAT_EXECUTION_MODE: _, ...open } = Object.fromEntries(
        Object.entries(uncommented).filter(([name]) => !secret(name)),
      )
      const defaults = yield* Config.read({})
      assert.deepStrictEqual({ ...(yield* Config.read(open)), given: defaults.given }, defaults)
    }),
  )
})

describe("the environment", () => {
  const sources = Fs.readdirSync(Path.join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name, text: Fs.readFileSync(Path.join(root, "src", name), "utf8") }))

  const matches = (pattern: RegExp) =>
    sources.flatMap(({ name, text }) =>
      Array.from(text.matchAll(pattern), ([, found]) => ({ name, found: found ?? "" })),
    )

  it("is read by the names of the tables and by no others", () => {
    const known = [...Object.keys(Config.variables), ...commandVariables]
    const literal = matches(/\benv(?:\.([A-Z]\w*)|\[\s*["'`][^$\]]*["'`]\s*\])/g)
    const named = matches(/\benv\[\s*["'`]([A-Z]\w*)["'`]\s*\]/g)
    for (const { found, name } of [...literal.filter(({ found }) => found !== ""), ...named]) {
      assert.include(known, found, `src/${name} reads ${found}`)
    }
    // `env["CHAT_EXECUTION_MODE"]` is there, so the pattern above does find what it looks for.
    assert.isNotEmpty(named)
  })

  it("is read only by configuration, and passed on whole by the entry points", () => {
    const looking = new Set(matches(/\benv\??\.?\[()/g).map(({ name }) => name))
    assert.sameMembers(
      [...looking],
      ["config/Config.ts", "config/ConfigCommands.ts", "config/ConfigNotify.ts", "config/ConfigProviders.ts"],
    )
    const taking = new Set(matches(/\bprocess\s*\.\s*env\b()/g).map(({ name }) => name))
    for (const name of taking) assert.match(name, /^(main\.ts|cli\/\w+\.ts)$/)
    assert.isEmpty(matches(/\bprocess\s*\.\s*env\s*[.[]()/g))
    assert.isEmpty(matches(/from "node:process"()/g))
  })
})
