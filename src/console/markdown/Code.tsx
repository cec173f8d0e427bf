import "./code.css"
import { useEffect, useMemo, useRef, useState } from "preact/hooks"
import { CopyButton } from "../kit/Kit.tsx"
import { markdownText } from "../text/MarkdownText.ts"
import { useText } from "../text/Text.ts"
import { grown, linesOf, type Piece } from "./Lines.ts"
import { visible } from "../../domain/PlainText.ts"

interface CodeProps {
  readonly code: string
  readonly language: string
  readonly filename?: string
  readonly highlightLines?: ReadonlyArray<number>
}

/** Longer code stays plain, because colours would cost the reader a pause. */
const longestColoured = 50_000
const intervalMs = 200

interface Coloured {
  readonly code: string
  readonly language: string
  readonly pieces: ReadonlyArray<Piece>
}

/** Code that grows is coloured at most once per interval; its new end is plain until then. */
const usePieces = (code: string, language: string): ReadonlyArray<Piece> => {
  const [coloured, setColoured] = useState<Coloured>({ code: "", language: "", pieces: [] })
  const lastAt = useRef(0)
  useEffect(() => {
    if (language === "" || code.length > longestColoured) return undefined
    const colour = async () => {
      const { piecesOf } = await import("./Highlight.ts")
      const pieces = piecesOf(code, language)
      lastAt.current = performance.now()
      if (pieces !== undefined) setColoured({ code, language, pieces })
    }
    const wait = Math.max(0, lastAt.current + intervalMs - performance.now())
    const timer = setTimeout(() => void colour().catch(() => undefined), wait)
    return () => clearTimeout(timer)
  }, [code, language])
  const before = coloured.language === language ? coloured.code : ""
  return useMemo(() => grown(code, before, coloured.pieces), [code, before, coloured])
}

/** A block of code, coloured, with a button that copies it. */
export const Code = ({ code, filename, highlightLines = [], language }: CodeProps) => {
  const t = useText(markdownText)
  const pieces = usePieces(code, language.toLowerCase())
  const lines = useMemo(() => linesOf(pieces), [pieces])
  const name = visible(filename ?? (language === "" ? t("code") : language))
  return (
    <figure class="code" aria-label={name}>
      <figcaption>
        <span>{name}</span>
        <CopyButton text={code} />
      </figcaption>
      <pre tabIndex={0} role="group" aria-label={name}>
        <code>
          {lines.map((line, index) => (
            <span class={highlightLines.includes(index + 1) ? "line marked" : "line"}>
              {line.map(({ kind, text }) => (kind === "" ? text : <span class={`hl-${kind}`}>{text}</span>))}
              {index < lines.length - 1 ? "\n" : ""}
            </span>
          ))}
        </code>
      </pre>
    </figure>
  )
}
