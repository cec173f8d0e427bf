/** One part of an answer. A part renders again only if it has changed. */
import { memo } from "preact/compat"
import type { Message } from "../../client/Contract.ts"
import { afterMessage, type Part } from "../../client/Parts.ts"
import { Fold } from "../chain/Fold.tsx"
import { FallbackMark, RetractMark } from "../chain/Leaves.tsx"
import { JsonTree } from "../chain/JsonTree.tsx"
import { visible } from "../../domain/PlainText.ts"
import { ErrorBoundary } from "../kit/ErrorBoundary.tsx"
import { Notice } from "../kit/Kit.tsx"
import { Code } from "../markdown/Code.tsx"
import { Markdown } from "../markdown/Markdown.tsx"
import { partsText } from "../text/PartsText.ts"
import { useText } from "../text/Text.ts"
import { ChartPart } from "./ChartPart.tsx"
import { FilePart } from "./FilePart.tsx"
import { ImagePart } from "./ImagePart.tsx"
import { ErrorPart, InterruptPart, ProgressPart } from "./NoticeParts.tsx"
import { TablePart } from "./TablePart.tsx"
import { type Block, blocksOf } from "./Blocks.ts"
import { TerminalPart } from "./TerminalPart.tsx"

type ReportData = Extract<Part, { readonly type: "report" }>["data"]

/** The messages of a report are parts like those of an answer. */
const partsOf = (messages: ReadonlyArray<Message>): ReadonlyArray<Part> =>
  messages.reduce<ReadonlyArray<Part>>(
    (parts, message, index) => afterMessage(parts, `${index}`, index, message),
    [],
  )

const ReportPart = ({ data }: { readonly data: ReportData }) => {
  const t = useText(partsText)
  return (
    <section class="part report" aria-label={visible(data.title)}>
      <h3>{visible(data.title)}</h3>
      {data.summary !== undefined && (
        <p>
          <strong>{t("summary")}:</strong> {visible(data.summary)}
        </p>
      )}
      {data.sections.map(({ content, heading }, index) => (
        <section key={index} aria-label={visible(heading)}>
          <h4>{visible(heading)}</h4>
          <Blocks parts={partsOf(content)} isLive={false} />
        </section>
      ))}
      {data.generatedAt !== undefined && <p class="quiet">{visible(data.generatedAt)}</p>}
    </section>
  )
}

/** A type that this page does not know: a newer gateway may send one. */
const UnknownPart = ({ part }: { readonly part: { readonly type: string } }) => {
  const t = useText(partsText)
  const name = t("unknownType", { type: visible(part.type) })
  return (
    <Fold class="part" summary={name}>
      <JsonTree name={name} value={"data" in part ? part.data : part} />
    </Fold>
  )
}

/** Not a spread: a model's `ref` and `key` are no properties of an element. */
const CodePart = ({ data }: { readonly data: Extract<Part, { readonly type: "code" }>["data"] }) => {
  const { code, filename, highlightLines, language } = data
  return (
    <Code
      code={code}
      language={language}
      {...(filename === undefined ? {} : { filename })}
      {...(highlightLines === undefined ? {} : { highlightLines })}
    />
  )
}

const Shown = ({
  isLast,
  isLive,
  part,
}: {
  readonly part: Part
  readonly isLive: boolean
  readonly isLast: boolean
}) => {
  switch (part.type) {
    case "text":
    case "markdown":
      return <Markdown text={part.content} live={isLive && isLast} />
    case "code":
      return <CodePart data={part.data} />
    case "table":
      return <TablePart data={part.data} />
    case "chart":
      return <ChartPart data={part.data} />
    case "image":
      return <ImagePart data={part.data} />
    case "file":
      return <FilePart data={part.data} />
    case "report":
      return <ReportPart data={part.data} />
    case "progress":
      return <ProgressPart data={part.data} isLive={isLive} />
    case "error":
      return <ErrorPart data={part.data} />
    case "interrupt":
      return <InterruptPart data={part.data} />
    case "fallback":
      return <FallbackMark part={part} />
    case "retract":
      return <RetractMark part={part} />
    default:
      return <UnknownPart part={part} />
  }
}

interface BlockProps {
  readonly block: Block
  readonly isLive: boolean
  readonly isLast: boolean
}

const BlockView = memo(
  ({ block, isLast, isLive }: BlockProps) => {
    const t = useText(partsText)
    return (
      <ErrorBoundary shown={() => <Notice tone="bad">{t("partFailed")}</Notice>}>
        {block.kind === "terminal" ? (
          <TerminalPart id={block.id} parts={block.parts} isLive={isLive} />
        ) : (
          <Shown part={block.part} isLive={isLive} isLast={isLast} />
        )}
      </ErrorBoundary>
    )
  },
  (before, after) =>
    before.isLive === after.isLive &&
    before.isLast === after.isLast &&
    (before.block.kind === "terminal"
      ? after.block.kind === "terminal" &&
        before.block.parts.length === after.block.parts.length &&
        before.block.parts.every(
          (part, index) => after.block.kind === "terminal" && part === after.block.parts[index],
        )
      : after.block.kind === "part" && before.block.part === after.block.part),
)

export const Blocks = ({
  isLive,
  parts,
}: {
  readonly parts: ReadonlyArray<Part>
  readonly isLive: boolean
}) => {
  const blocks = blocksOf(parts)
  return (
    <>
      {blocks.map((block, index) => (
        <BlockView key={block.key} block={block} isLive={isLive} isLast={index === blocks.length - 1} />
      ))}
    </>
  )
}
