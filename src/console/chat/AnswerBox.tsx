import { memo } from "preact/compat"
import type { Client } from "../../client/Client.ts"
import type { Answer } from "../../client/Conversation.ts"
import { Chain } from "../chain/Chain.tsx"
import { Button, CopyButton, Notice } from "../kit/Kit.tsx"
import { Menu } from "../kit/Menu.tsx"
import { AnswerBody } from "../parts/AnswerBody.tsx"
import { hrefOf } from "../Router.ts"
import { type Account, may } from "../service/Access.ts"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { markdownOf } from "./AnswerMarkdown.ts"
import { hasChain, hasTrouble } from "../chain/ChainTree.ts"
import { Facts } from "./Facts.tsx"
import { Feedback } from "./Feedback.tsx"
import { AnswerProblem } from "./Problem.tsx"
import type { ThreadActions } from "./ThreadActions.ts"
import { Versions } from "./Versions.tsx"

interface AnswerProps {
  readonly answer: Answer
  readonly account: Account
  readonly actions: ThreadActions
  readonly client: Client
  readonly isBusy: boolean
  readonly isLast: boolean
  readonly isWide: boolean
}

const Regenerate = ({ account, actions, answer, isBusy }: AnswerProps) => {
  const t = useText(chatText)
  if (!may(account, "chat:write")) return null
  const again = (mode?: "runtime_orchestrator" | "direct_llm") => actions.regenerate(answer.key, mode)
  return (
    <>
      <Button look="bare" disabled={isBusy} onClick={() => again()}>
        {t("regenerate")}
      </Button>
      {may(account, "chat:mode") && !isBusy && (
        <Menu label={t("more")} shown="⋯">
          <Button onClick={() => again("runtime_orchestrator")}>{t("regenerateRuntime")}</Button>
          <Button onClick={() => again("direct_llm")}>{t("regenerateDirect")}</Button>
        </Menu>
      )}
    </>
  )
}

const Actions = (props: AnswerProps) => {
  const t = useText(chatText)
  const { account, actions, answer, client, isBusy } = props
  const isRunning = answer.status === "running"
  return (
    <div class="row turn-actions">
      <Versions message={answer} isBusy={isBusy} show={actions.show} />
      {!isRunning && <CopyButton label={t("copyMarkdown")} text={() => markdownOf(answer)} />}
      {!isRunning && <Regenerate {...props} />}
      {answer.messageId !== undefined && answer.status === "completed" && may(account, "chat:write") && (
        <Feedback
          key={answer.messageId}
          client={client}
          messageId={answer.messageId}
          first={answer.feedback}
        />
      )}
      <Button look="bare" onClick={() => actions.showEvents(answer.runId)}>
        {t("events")}
      </Button>
      {may(account, "admin:read", "operator:read") && (
        <a class="run-link" href={hrefOf("runs", answer.runId)}>
          {t("run")}
        </a>
      )}
    </div>
  )
}

const End = ({ actions, answer, isBusy, isLast }: AnswerProps) => {
  const t = useText(chatText)
  if (answer.status === "cancelled") return <Notice>{t("stopped")}</Notice>
  if (answer.error === undefined) return null
  return (
    <AnswerProblem error={answer.error}>
      {isLast && (
        <Button disabled={isBusy} onClick={actions.retry}>
          {t("tryAgain")}
        </Button>
      )}
    </AnswerProblem>
  )
}

const ChainPlace = ({ answer, isWide }: { readonly answer: Answer; readonly isWide: boolean }) => {
  const t = useText(chatText)
  if (!hasChain(answer)) return null
  return isWide ? (
    <div class="chain-place">
      <Chain answer={answer} />
    </div>
  ) : (
    <details class="chain-place" open={hasTrouble(answer)}>
      <summary>{t("chain")}</summary>
      <Chain answer={answer} />
    </details>
  )
}

export const AnswerBox = memo((props: AnswerProps) => {
  const t = useText(chatText)
  const { answer, client, isWide } = props
  const isRunning = answer.status === "running"
  return (
    <article
      class="turn answer-turn"
      aria-label={t("answer")}
      aria-busy={isRunning}
      data-message={answer.messageId}
      data-status={answer.status}
    >
      {/* The headings in the Markdown of an answer are of the third level. */}
      <h2 class="visually-hidden">{t("answer")}</h2>
      <div class="answer-main">
        <AnswerBody answer={answer} />
        {isRunning && (
          <span class="working" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        )}
        <End {...props} />
        <Facts answer={answer} client={client} />
        <Actions {...props} />
      </div>
      <ChainPlace answer={answer} isWide={isWide} />
    </article>
  )
})
