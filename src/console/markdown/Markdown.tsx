import "./markdown.css"
import { memo } from "preact/compat"
import { useMemo } from "preact/hooks"
import { markdownText } from "../text/MarkdownText.ts"
import { useText } from "../text/Text.ts"
import { blocksOf, tokensOf } from "./Blocks.ts"
import { all } from "./Elements.tsx"
import { completed } from "./Unfinished.ts"

/** Renders again only if its text changes. `language` is that of the labels. */
const Block = memo(
  ({
    definitions,
    raw,
  }: {
    readonly raw: string
    readonly definitions: string
    readonly language: string
  }) => <>{all(tokensOf(raw, definitions), 0)}</>,
)

/** Markdown of a model as elements. `live`: the text still grows. */
export const Markdown = ({ live = false, text }: { readonly text: string; readonly live?: boolean }) => {
  const t = useText(markdownText)
  const { blocks, definitions } = useMemo(() => blocksOf(text), [text])
  return (
    <div class="markdown">
      {blocks.map((raw, index) => (
        <Block
          key={index}
          raw={live && index === blocks.length - 1 ? completed(raw) : raw}
          definitions={definitions}
          language={t("table")}
        />
      ))}
    </div>
  )
}
