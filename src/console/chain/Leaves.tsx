/** The nodes without a state: thoughts, and the marks of a fallback, a retract, an interrupt and a progress. */
import { chainText } from "../text/ChainText.ts"
import { useText } from "../text/Text.ts"
import type { Leaf } from "./ChainTree.ts"
import { Fold } from "./Fold.tsx"
import { LongText } from "./JsonTree.tsx"
import { visible } from "../../domain/PlainText.ts"

type LeafOf<Type extends Leaf["type"]> = Extract<Leaf, { readonly type: Type }>

/** The modes that users know by name; others by their id. */
const useModeName = () => {
  const t = useText(chainText)
  return (mode: string): string =>
    mode === "runtime_orchestrator"
      ? t("runtimeMode")
      : mode === "direct_llm"
        ? t("directMode")
        : visible(mode)
}

const Thinking = ({ isLive, part }: { readonly part: LeafOf<"thinking">; readonly isLive: boolean }) => {
  const t = useText(chainText)
  const name = part.callId === undefined ? t("thinking") : t("subAgent")
  const first = part.content.trim().split("\n", 1)[0] ?? ""
  // Another key folds the thought when the run ends.
  return (
    <Fold
      key={String(isLive)}
      open={isLive}
      class="thinking"
      summary={
        <>
          <span class="sign" aria-hidden="true">
            ☁
          </span>
          <span>
            {name}
            {part.stage !== undefined && ` (${t(part.stage)})`}
          </span>
          <span class="quiet excerpt">{visible(first.slice(0, 120))}</span>
        </>
      }
    >
      <div class="thought">
        <LongText text={part.content} />
      </div>
    </Fold>
  )
}

export const FallbackMark = ({ part }: { readonly part: LeafOf<"fallback"> }) => {
  const t = useText(chainText)
  const modeName = useModeName()
  const { code, from, reason, to } = part.data
  return (
    <div class="chain-mark fallback">
      <strong>
        <span aria-hidden="true">⤷ </span>
        {t("fallback", { from: modeName(from), to: modeName(to), code: visible(code) })}
      </strong>
      <span> {visible(reason)}</span>
    </div>
  )
}

export const RetractMark = ({ part }: { readonly part: LeafOf<"retract"> }) => {
  const t = useText(chainText)
  return (
    <div class="chain-mark retract">
      <strong>
        <span aria-hidden="true">⌫ </span>
        {t("retract")}
      </strong>
      <span> {visible(part.data.reason)}</span>
    </div>
  )
}

export const LeafNode = ({ isLive, part }: { readonly part: Leaf; readonly isLive: boolean }) => {
  const t = useText(chainText)
  switch (part.type) {
    case "thinking":
      return <Thinking part={part} isLive={isLive} />
    case "fallback":
      return <FallbackMark part={part} />
    case "retract":
      return <RetractMark part={part} />
    case "interrupt":
      return (
        <div class="chain-mark interrupt">
          <strong>
            <span aria-hidden="true">‖ </span>
            {t("interrupt")}
          </strong>
          <span> {visible(part.data.message ?? part.data.reason)}</span>
        </div>
      )
    case "progress":
      return (
        <div class="chain-mark">
          {visible(part.data.label ?? "")} {part.data.current} / {part.data.total}
        </div>
      )
  }
}
