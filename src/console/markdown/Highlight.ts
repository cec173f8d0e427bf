/** Colours code. The highlighter gives pieces with their kind instead of HTML. Loaded on demand. */
import hljs from "highlight.js/lib/core"
import bash from "highlight.js/lib/languages/bash"
import cpp from "highlight.js/lib/languages/cpp"
import csharp from "highlight.js/lib/languages/csharp"
import css from "highlight.js/lib/languages/css"
import diff from "highlight.js/lib/languages/diff"
import go from "highlight.js/lib/languages/go"
import ini from "highlight.js/lib/languages/ini"
import java from "highlight.js/lib/languages/java"
import javascript from "highlight.js/lib/languages/javascript"
import json from "highlight.js/lib/languages/json"
import python from "highlight.js/lib/languages/python"
import ruby from "highlight.js/lib/languages/ruby"
import rust from "highlight.js/lib/languages/rust"
import sql from "highlight.js/lib/languages/sql"
import typescript from "highlight.js/lib/languages/typescript"
import xml from "highlight.js/lib/languages/xml"
import yaml from "highlight.js/lib/languages/yaml"
import type { Piece } from "./Lines.ts"

const languages = {
  bash,
  cpp,
  csharp,
  css,
  diff,
  go,
  ini,
  java,
  javascript,
  json,
  python,
  ruby,
  rust,
  sql,
  typescript,
  xml,
  yaml,
}

/** The highlighter's own emitter writes HTML. This one lists the pieces. */
class Pieces {
  readonly list: Array<Piece> = []
  readonly #kinds: Array<string> = []

  startScope(name: string): void {
    this.#kinds.push(name.split(".")[0] ?? name)
  }
  endScope(): void {
    this.#kinds.pop()
  }
  openNode(name: string): void {
    this.startScope(name)
  }
  closeNode(): void {
    this.endScope()
  }
  addText(text: string): void {
    if (text === "") return
    this.list.push({ text, kind: this.#kinds.at(-1) ?? "" })
  }
  __addSublanguage(inner: Pieces): void {
    this.list.push(...inner.list)
  }
  finalize(): void {
    this.#kinds.length = 0
  }
  toHTML(): string {
    return ""
  }
}

const highlighter = hljs.newInstance()
for (const [name, language] of Object.entries(languages)) highlighter.registerLanguage(name, language)
highlighter.configure({ __emitter: Pieces })

/** Undefined for a language that is not known. The language is never guessed. */
export const piecesOf = (code: string, language: string): ReadonlyArray<Piece> | undefined => {
  if (highlighter.getLanguage(language) === undefined) return undefined
  const { _emitter } = highlighter.highlight(code, { language, ignoreIllegals: true })
  return _emitter instanceof Pieces ? _emitter.list : undefined
}
