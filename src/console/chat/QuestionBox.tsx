import { memo } from "preact/compat"
import { useLayoutEffect, useRef, useState } from "preact/hooks"
import type { Question } from "../../client/Conversation.ts"
import { Badge, Button, CopyButton } from "../kit/Kit.tsx"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { isSendKey } from "./Keys.ts"
import { SentFile } from "./SentFile.tsx"
import type { ThreadActions } from "./ThreadActions.ts"
import { Versions } from "./Versions.tsx"

interface QuestionProps {
  readonly question: Question
  readonly actions: ThreadActions
  readonly isBusy: boolean
  readonly mayWrite: boolean
}

const longestMessage = 100_000

const EditForm = ({
  close,
  question,
  save,
}: {
  readonly question: Question
  readonly save: (text: string) => void
  readonly close: () => void
}) => {
  const t = useText(chatText)
  const [text, setText] = useState(question.content)
  const field = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => field.current?.focus(), [])
  const isEmpty = text.trim() === "" && question.attachments.length === 0
  const submit = () => isEmpty || save(text.trim() === "" ? "" : text)
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation()
          close()
        } else if (isSendKey(event)) {
          event.preventDefault()
          submit()
        }
      }}
    >
      <textarea
        ref={field}
        rows={3}
        maxLength={longestMessage}
        aria-label={t("editLabel")}
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      <div class="row end">
        <Button onClick={close}>{t("cancel")}</Button>
        <Button type="submit" look="main" disabled={isEmpty}>
          {t("save")}
        </Button>
      </div>
    </form>
  )
}

export const QuestionBox = memo(({ actions, isBusy, mayWrite, question }: QuestionProps) => {
  const t = useText(chatText)
  const [isEdited, setEdited] = useState(false)
  const box = useRef<HTMLElement>(null)
  const close = () => {
    setEdited(false)
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>("[data-edit]")?.focus())
  }
  const save = (text: string) => {
    setEdited(false)
    actions.edit(question.key, text)
  }
  return (
    <article class="turn question-turn" aria-label={t("you")} data-message={question.messageId} ref={box}>
      {isEdited ? (
        <EditForm question={question} close={close} save={save} />
      ) : (
        <div class="bubble">
          {question.attachments.map((file) => (
            <SentFile key={file.fileId} file={file} />
          ))}
          {question.content !== "" && <div class="own-text">{question.content}</div>}
        </div>
      )}
      <div class="row end turn-actions">
        {question.refused && <Badge tone="bad">{t("notSent")}</Badge>}
        <Versions message={question} isBusy={isBusy} show={actions.show} />
        {question.content !== "" && <CopyButton text={question.content} />}
        {mayWrite && !question.refused && !isEdited && (
          <Button look="bare" data-edit disabled={isBusy} onClick={() => setEdited(true)}>
            {t("edit")}
          </Button>
        )}
      </div>
    </article>
  )
})
