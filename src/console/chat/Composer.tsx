/** The field for the next message, with its files. */
import "./composer.css"
import type { RefObject } from "preact"
import { useRef } from "preact/hooks"
import { Button } from "../kit/Kit.tsx"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import type { Attachments } from "./Attachments.ts"
import { isSendKey } from "./Keys.ts"

interface ComposerProps {
  readonly attachments: Attachments
  readonly field: RefObject<HTMLTextAreaElement | null>
  readonly text: string
  readonly change: (text: string) => void
  readonly send: () => void
  readonly stop: () => void
  readonly isBusy: boolean
  readonly takesFiles: boolean
}

const longestMessage = 100_000

const Chips = ({ attachments }: { readonly attachments: Attachments }) => {
  const t = useText(chatText)
  const { files, problem, remove } = attachments
  return (
    <>
      {files.length > 0 && (
        <ul class="file-chips" aria-label={t("yourFiles")}>
          {files.map(({ error, file, key, name }) => (
            <li key={key} class={error === undefined ? "file-chip" : "file-chip bad"}>
              <span>
                {name}
                {error !== undefined && `: ${error}`}
                {error === undefined && file === undefined && ` (${t("uploading")})`}
              </span>
              <Button look="bare" aria-label={t("remove", { name })} onClick={() => remove(key)}>
                ✕
              </Button>
            </li>
          ))}
        </ul>
      )}
      <p class="composer-problem" role="status">
        {problem}
      </p>
    </>
  )
}

const AttachButton = ({ attachments, takesFiles }: Pick<ComposerProps, "attachments" | "takesFiles">) => {
  const t = useText(chatText)
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={t("attach")}
        onChange={({ currentTarget }) => {
          attachments.add([...(currentTarget.files ?? [])])
          currentTarget.value = ""
        }}
      />
      <Button
        class="attach"
        aria-label={t("attach")}
        title={t(takesFiles ? "attach" : "noFiles")}
        disabled={!takesFiles}
        onClick={() => input.current?.click()}
      >
        +
      </Button>
    </>
  )
}

export const Composer = (props: ComposerProps) => {
  const t = useText(chatText)
  const { attachments, change, field, isBusy, send, stop, text } = props
  const isEmpty = text.trim() === "" && attachments.uploaded.length === 0
  const maySend = !isBusy && !isEmpty && attachments.isReady
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        if (maySend) send()
      }}
    >
      <Chips attachments={attachments} />
      <div class="composer-row">
        <AttachButton {...props} />
        <textarea
          ref={field}
          rows={1}
          maxLength={longestMessage}
          aria-label={t("message")}
          placeholder={t("messageHint")}
          value={text}
          onInput={({ currentTarget }) => change(currentTarget.value)}
          onPaste={(event) => {
            const files = [...(event.clipboardData?.files ?? [])]
            if (files.length === 0) return
            event.preventDefault()
            attachments.add(files)
          }}
          onKeyDown={(event) => {
            if (!isSendKey(event)) return
            event.preventDefault()
            if (maySend) send()
          }}
        />
        {isBusy ? (
          <Button look="danger" onClick={stop}>
            {t("stop")}
          </Button>
        ) : (
          <Button type="submit" look="main" disabled={!maySend}>
            {t("send")}
          </Button>
        )}
      </div>
    </form>
  )
}
