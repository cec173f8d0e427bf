/**
 * Checks the language of comments, test names, messages, docs and new commit subjects by the rules in `Language.ts`.
 * `npm run check:language`, or with folders as arguments for these alone. Exit code 1 and one line per violation.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Language from "./Language.ts"

/** Commits up to this one are older than the rules. */
const firstChecked = "4457735edc345e8e0323354ed1c460c9cf969148"

const filesIn = (path: string): ReadonlyArray<string> =>
  statSync(path).isFile()
    ? [path]
    : readdirSync(path, { recursive: true, encoding: "utf8" }).map((file) => join(path, file))

const check = (file: string): ReadonlyArray<string> => {
  const text = readFileSync(file, "utf8")
  const found = file.endsWith(".md")
    ? Language.ofPage(text)
    : Language.ofSource(text, file.startsWith("test") ? "test" : "src")
  return found.map(({ line, reason }) => `${file}:${line}: ${reason}`)
}

const commitSubjects = (): ReadonlyArray<string> | undefined => {
  try {
    const log = ["log", `${firstChecked}..HEAD`, "--format=%h %s"]
    return execFileSync("git", log, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .split("\n")
      .filter((line) => line !== "")
  } catch {
    return undefined
  }
}

const checkCommit = (line: string): ReadonlyArray<string> => {
  const [hash = "", ...words] = line.split(" ")
  return Language.ofCommitSubject(words.join(" ")).map((reason) => `commit ${hash}: ${reason}`)
}

const args = process.argv.slice(2)
const paths = args.length > 0 ? args : ["src", "test", "scripts", "docs", "README.md", "SECURITY.md"]
const files = paths
  .flatMap(filesIn)
  .filter((file) => /\.(tsx?|md)$/.test(file))
  .toSorted()
const subjects = args.length > 0 ? [] : commitSubjects()
const violations = [...files.flatMap(check), ...(subjects ?? []).flatMap(checkCommit)]

for (const violation of violations) console.error(violation)
const commits =
  subjects === undefined ? "NO commits (git or their history is missing)" : `${subjects.length} commits`
console.log(`language: ${files.length} files and ${commits}, ${violations.length} violations`)
if (violations.length > 0) process.exitCode = 1
