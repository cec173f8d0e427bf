import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Language from "../../scripts/Language.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const reasons = (source: string, kind: "src" | "test" = "src") =>
  Language.ofSource(source, kind).map(({ line, reason }) => `${line}: ${reason.split(":")[0]}`)

describe("the language of comments", () => {
  it.each(["What", "Who", "Whose", "Whether", "How", "Of", "That"])(
    "refuses a comment that opens with %s",
    (word) => {
      const expected = [`1: opens with "${word}"`]
      assert.deepStrictEqual(reasons(`/** ${word} it is. */\nconst a = 1`), expected)
      assert.deepStrictEqual(reasons(`/**\n * ${word} it is.\n */`), expected)
      assert.deepStrictEqual(reasons(`// ${word} it is`), expected)
      assert.deepStrictEqual(reasons(`const a = 1 // ${word} it is`), expected)
    },
  )

  it("reads consecutive line comments as one comment", () => {
    assert.deepStrictEqual(reasons("// The reason\n// that we know"), [])
  })

  it.each(["nobody", "somebody", "Whoever", "his", "him", "some 20 %", "some 50 bytes"])(
    "refuses %j in comments and in texts of the source",
    (word) => {
      assert.lengthOf(reasons(`\n// It takes ${word} in`), 1)
      assert.lengthOf(reasons(`const text = "It takes ${word} in"`), 1)
    },
  )

  it("accepts words and code that only resemble them", () => {
    assert.deepStrictEqual(reasons('// This history has some models\nconst url = "http://a//what"'), [])
    assert.deepStrictEqual(reasons("// oxlint-disable-next-line no-console"), [])
  })

  it("reads test names, also of parameterised tests", () => {
    const reasonsOf = (call: string, name: string) => reasons(`${call}("${name}", () => {})`, "test")
    assert.deepStrictEqual(reasonsOf("it", "what it does"), ['1: opens with "what"'])
    assert.deepStrictEqual(reasonsOf("it.each([1, 2])", "who is %s"), ['1: opens with "who"'])
    assert.deepStrictEqual(reasonsOf("it.effect", "keeps nobody waiting"), ['1: "nobody"'])
  })
})

describe("the language of docs", () => {
  it("refuses banned words outside of code", () => {
    const page = "# Title\n\n```\nnobody\n```\n\n`nobody` and nobody"
    assert.deepStrictEqual(
      Language.ofPage(page).map(({ line }) => line),
      [7],
    )
  })
})

describe("commit subjects", () => {
  it.each([
    "Add the encoder port",
    "Process events in order",
    "Merge: review of the longest branch that ever was",
  ])("accepts %j", (subject) => assert.deepStrictEqual(Language.ofCommitSubject(subject), []))

  it.each(["Added a port", "Fixes the port", "adding a port", "Add a port.", `Add ${"a".repeat(69)}`])(
    "refuses %j",
    (subject) => assert.lengthOf(Language.ofCommitSubject(subject), 1),
  )
})

describe("npm run check:language", () => {
  it.live("fails and names file, line and reason", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      mkdirSync(join(folder, "src"))
      writeFileSync(join(folder, "src", "A.ts"), "const a = 1\n/** What it is. */\n")
      const script = resolve("scripts/check-language.ts")
      const { status, stderr } = spawnSync(process.execPath, [script, "src"], {
        cwd: folder,
        encoding: "utf8",
      })
      assert.strictEqual(status, 1)
      assert.strictEqual(stderr, 'src/A.ts:2: opens with "What": start with the subject\n')
    }),
  )
})
