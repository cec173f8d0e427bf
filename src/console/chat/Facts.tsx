/** The line under an answer: mode, model, tokens, times and the reason of its end. */
import type { Client } from "../../client/Client.ts"
import type { Answer } from "../../client/Conversation.ts"
import { Badge } from "../kit/Kit.tsx"
import { duration, Time } from "../kit/Time.tsx"
import { useStore } from "../kit/Store.ts"
import { chatText } from "../text/ChatText.ts"
import { language, useText } from "../text/Text.ts"
import { useRunFacts } from "./RunFacts.ts"
import { visible } from "../../domain/PlainText.ts"

export const Mode = ({ mode }: { readonly mode: string }) => {
  const t = useText(chatText)
  const known = mode === "runtime_orchestrator" || mode === "direct_llm"
  return <span class={`badge mode ${mode}`}>{known ? t(mode) : mode}</span>
}

const Tokens = ({ usage }: { readonly usage: NonNullable<Answer["usage"]> }) => {
  const t = useText(chatText)
  const tag = useStore(language)
  const shown = (count: number) => count.toLocaleString(tag)
  const { inputTokens, outputTokens } = usage
  const tokens = `${usage.estimated === true ? "≈ " : ""}${shown(usage.tokens)}`
  return (
    <span {...(usage.estimated === true ? { title: t("estimated") } : {})}>
      {inputTokens === undefined || outputTokens === undefined
        ? t("tokens", { tokens })
        : t("tokensSplit", { tokens, input: shown(inputTokens), output: shown(outputTokens) })}
      {usage.cached === true && ` · ${t("cached")}`}
    </span>
  )
}

export const Facts = ({ answer, client }: { readonly answer: Answer; readonly client: Client }) => {
  const t = useText(chatText)
  const { box, facts } = useRunFacts(client, answer)
  const { executionMode, finishReason, model, usage } = answer
  const totalMs = usage?.latencyMs ?? facts?.totalMs
  return (
    <div class="answer-facts quiet" ref={box}>
      {executionMode !== undefined && <Mode mode={executionMode} />}
      {model !== undefined && <span>{visible(model)}</span>}
      {usage !== undefined && <Tokens usage={usage} />}
      {facts?.firstContentMs !== undefined && (
        <span>{t("firstContent", { time: duration(facts.firstContentMs) })}</span>
      )}
      {totalMs !== undefined && <span>{t("whole", { time: duration(totalMs) })}</span>}
      {finishReason !== undefined && finishReason !== "stop" && <Badge tone="warn">{t(finishReason)}</Badge>}
      {facts !== undefined && <Time at={facts.createdAt} />}
    </div>
  )
}
