/** A failed request or a failed answer: the code, the reason, the ids for the people on call, and the next thing to do. */
import type { ComponentChildren } from "preact"
import type { CrossfadeError } from "../../client/CrossfadeError.ts"
import type { Answer } from "../../client/Conversation.ts"
import { CopyButton, Notice } from "../kit/Kit.tsx"
import { duration } from "../kit/Time.tsx"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"
import { adviceFor } from "./Advice.ts"
import { visible } from "../../domain/PlainText.ts"

const Id = ({ label, value }: { readonly label: string; readonly value: string | undefined }) =>
  value === undefined ? null : (
    <span class="id">
      {label} <code>{value}</code>
      <CopyButton text={value} />
    </span>
  )

interface ShownProblem {
  readonly code: string
  readonly message: string
  readonly status?: number | undefined
  readonly retryAfter?: number | undefined
  readonly traceId?: string | undefined
  readonly requestId?: string | undefined
  readonly details?: unknown
}

const Problem = ({
  children,
  problem,
}: {
  readonly problem: ShownProblem
  readonly children: ComponentChildren
}) => {
  const t = useText(chatText)
  const { code, details, message, requestId, retryAfter, status, traceId } = problem
  return (
    <Notice tone="bad" alert>
      <div class="problem">
        <p>
          <strong>{visible(code)}</strong>
          {status !== undefined && ` (${status})`}: {visible(message)}
        </p>
        <p>
          {t(adviceFor({ code, status }))}{" "}
          {retryAfter !== undefined && t("retryAfter", { time: duration(retryAfter * 1000) })}
        </p>
        {details !== undefined && (
          <details>
            <summary>{t("details")}</summary>
            <pre>{visible(JSON.stringify(details, null, 2))}</pre>
          </details>
        )}
        <Id label={t("trace")} value={traceId} />
        <Id label={t("request")} value={requestId} />
        <div class="row">{children}</div>
      </div>
    </Notice>
  )
}

export const RequestProblem = ({
  children,
  error,
}: {
  readonly error: CrossfadeError
  readonly children: ComponentChildren
}) => <Problem problem={error}>{children}</Problem>

export const AnswerProblem = ({
  children,
  error,
}: {
  readonly error: NonNullable<Answer["error"]>
  readonly children: ComponentChildren
}) => {
  const { httpStatus, ...rest } = error
  return <Problem problem={{ ...rest, status: httpStatus }}>{children}</Problem>
}
