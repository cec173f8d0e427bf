/** An error at its place: code, status, message, details and trace id. */
import { CopyButton } from "../kit/Kit.tsx"
import { chainText } from "../text/ChainText.ts"
import { useText } from "../text/Text.ts"
import type { Failure } from "./ChainTree.ts"
import { Fold } from "./Fold.tsx"
import { JsonTree, LongText } from "./JsonTree.tsx"
import { visible } from "../../domain/PlainText.ts"

export const ErrorNode = ({ error }: { readonly error: Failure }) => {
  const t = useText(chainText)
  const { code, details, httpStatus, isCancel, isOfRun, message, retryAfter, traceId } = error
  const title = isCancel ? t("runCancelled") : isOfRun ? t("runFailed") : t("error")
  return (
    <div class={isCancel ? "chain-error cancelled" : "chain-error"} role="group" aria-label={title}>
      <div class="chain-line">
        <strong>{title}</strong>
        <code class="error-code">{visible(code)}</code>
        {httpStatus !== undefined && <span>{t("httpStatus", { status: httpStatus })}</span>}
      </div>
      <p>
        <LongText text={message} />
      </p>
      {retryAfter !== undefined && <p>{t("retryAfter", { seconds: retryAfter })}</p>}
      {traceId !== undefined && (
        <div class="chain-line">
          <span>{t("traceId")}</span>
          <code>{visible(traceId)}</code>
          <CopyButton text={traceId} label={t("copyTrace")} />
        </div>
      )}
      {details !== undefined && (
        <Fold summary={t("details")}>
          <JsonTree name={t("details")} value={details} />
        </Fold>
      )}
    </div>
  )
}
