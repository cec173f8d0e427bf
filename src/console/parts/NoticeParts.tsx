/** The small parts: progress, an error that an agent reported, and an interrupt. */
import type { MessageOf } from "../../client/Contract.ts"
import { Fold } from "../chain/Fold.tsx"
import { JsonTree, LongText } from "../chain/JsonTree.tsx"
import { visible } from "../../domain/PlainText.ts"
import { Notice } from "../kit/Kit.tsx"
import { chainText } from "../text/ChainText.ts"
import { partsText } from "../text/PartsText.ts"
import { useText } from "../text/Text.ts"

export const ProgressPart = ({
  data,
  isLive,
}: {
  readonly data: MessageOf<"progress">["data"]
  readonly isLive: boolean
}) => {
  const t = useText(partsText)
  const { current, label, percentage, status, total } = data
  const value = Math.min(100, Math.max(0, Number.isFinite(percentage) ? percentage : 0))
  const name = visible(label ?? t("progress"))
  const state = status === "active" || status === undefined ? (isLive ? "running" : "notFinished") : status
  const isDone = status === undefined && value >= 100
  return (
    <div class={`part progress-part ${status ?? ""}`}>
      <span>{name}</span>
      <progress max={100} value={value} aria-label={name} />
      <span class="quiet">
        {current} / {total} · {Math.round(value)}% · {isDone ? t("success") : t(state)}
      </span>
    </div>
  )
}

export const ErrorPart = ({ data }: { readonly data: MessageOf<"error">["data"] }) => {
  const t = useText(partsText)
  const c = useText(chainText)
  return (
    <div class="part">
      <Notice tone="bad">
        <strong>{visible(data.code)}</strong>
        <span>
          <LongText text={data.message} />
        </span>
        {data.recoverable === true && <span>{t("recoverable")}</span>}
        {data.retryAction !== undefined && <span>{visible(data.retryAction)}</span>}
      </Notice>
      {data.details !== undefined && (
        <Fold summary={c("details")}>
          <JsonTree name={c("details")} value={data.details} />
        </Fold>
      )}
    </div>
  )
}

export const InterruptPart = ({ data }: { readonly data: MessageOf<"interrupt">["data"] }) => {
  const t = useText(partsText)
  const c = useText(chainText)
  return (
    <div class="part">
      <Notice tone="info">
        <strong>{c("interrupt")}</strong>
        <span>{visible(data.message ?? data.reason)}</span>
        {data.toolName !== undefined && <code>{visible(data.toolName)}</code>}
        <span class="quiet">{t("answersNext")}</span>
      </Notice>
      {data.arguments !== undefined && (
        <Fold summary={c("arguments")}>
          <JsonTree name={c("arguments")} value={data.arguments} />
        </Fold>
      )}
    </div>
  )
}
