/** The questions of an agent that waits: approve or deny, choose, or answer in words. */
import { useState } from "preact/hooks"
import { Badge, Button } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { approvalOf, choicesOf, type Interrupt, payloadOf } from "./Approval.ts"
import type { ThreadActions } from "./ThreadActions.ts"
import { visible } from "../../domain/PlainText.ts"

type Give = (payload: Parameters<ThreadActions["answer"]>[1]) => void

const InWords = ({ give }: { readonly give: Give }) => {
  const t = useText(chatText)
  const [text, setText] = useState("")
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault()
        give(payloadOf(text))
      }}
    >
      <input
        required
        aria-label={t("answerText")}
        placeholder={t("answerText")}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <Button type="submit">{t("give")}</Button>
    </form>
  )
}

const Choices = ({ give, interrupt }: { readonly interrupt: Interrupt; readonly give: Give }) => {
  const t = useText(chatText)
  const approval = approvalOf(interrupt)
  const choices = choicesOf(interrupt)
  if (approval !== undefined)
    return (
      <div class="row">
        <Button look="main" onClick={() => give(approval.approve)}>
          {t("approve")}
        </Button>
        <Button look="danger" onClick={() => give(approval.deny)}>
          {t("deny")}
        </Button>
      </div>
    )
  if (choices.length === 0) return <InWords give={give} />
  return (
    <div class="row">
      {choices.map((choice) => (
        <Button key={choice} onClick={() => give(choice)}>
          {visible(choice)}
        </Button>
      ))}
    </div>
  )
}

const Asked = ({
  actions,
  interrupt,
  isGiven,
}: {
  readonly actions: ThreadActions
  readonly interrupt: Interrupt
  readonly isGiven: boolean
}) => {
  const t = useText(chatText)
  const { expiresAt, interruptId, message, reason, toolName } = interrupt
  const isExpired = expiresAt !== undefined && Date.parse(expiresAt) < Date.now()
  return (
    <div class="asked" role="group" aria-label={t("question")}>
      <p>
        <strong>{visible(message ?? reason)}</strong>{" "}
        {toolName !== undefined && <code>{visible(toolName)}</code>}{" "}
        {expiresAt !== undefined && (
          <span class="quiet">
            {t(isExpired ? "expired" : "expires")} <Time at={expiresAt} />
          </span>
        )}
      </p>
      {interrupt.arguments !== undefined && (
        <pre tabIndex={0}>{visible(JSON.stringify(interrupt.arguments, null, 2))}</pre>
      )}
      {isGiven ? (
        <Badge tone="good">{t("given")}</Badge>
      ) : (
        <Choices interrupt={interrupt} give={(payload) => void actions.answer(interruptId, payload)} />
      )}
    </div>
  )
}

export const Interrupts = ({
  actions,
  given,
  pending,
}: {
  readonly actions: ThreadActions
  readonly pending: ReadonlyArray<Interrupt>
  /** The ids of the interrupts that have an answer. */
  readonly given: ReadonlyArray<string>
}) => (
  <>
    {pending.map((interrupt) => (
      <Asked
        key={interrupt.interruptId}
        interrupt={interrupt}
        actions={actions}
        isGiven={given.includes(interrupt.interruptId)}
      />
    ))}
  </>
)
