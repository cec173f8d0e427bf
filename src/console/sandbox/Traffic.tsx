/** Sends turns as the signed-in user, because the breaker decides on traffic. */
import { useEffect, useRef, useState } from "preact/hooks"
import { Button, Card, Failure, Notice } from "../kit/Kit.tsx"
import { type Account, may } from "../service/Access.ts"
import { sandboxText } from "../text/SandboxText.ts"
import { useText } from "../text/Text.ts"
import { firstAgent, sendTurns, type Sent, turns } from "./SendTurns.ts"
import { errorOf } from "../kit/ErrorOf.ts"

const none: Sent = { sent: 0, ended: 0, runtime: 0, direct: 0, failed: 0 }

export const Traffic = ({ account }: { readonly account: Account }) => {
  const t = useText(sandboxText)
  const [sent, setSent] = useState<Sent>()
  const [error, setError] = useState<Error>()
  const [running, setRunning] = useState<AbortController>()
  const last = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => last.current?.abort(), [])
  const start = async () => {
    const mine = new AbortController()
    last.current = mine
    setRunning(mine)
    setSent(none)
    setError(undefined)
    try {
      await sendTurns(await firstAgent(mine.signal), mine.signal, setSent)
    } catch (failure) {
      if (!mine.signal.aborted) setError(errorOf(failure))
    }
    setRunning(undefined)
  }
  const isAllowed = may(account, "chat:write") && may(account, "sessions:write")
  return (
    <Card title={t("traffic")}>
      <p>{t("trafficAbout")}</p>
      {isAllowed ? (
        <div class="row">
          <Button disabled={running !== undefined} onClick={() => void start()}>
            {t("send")}
          </Button>
          {running !== undefined && <Button onClick={() => running.abort()}>{t("cancel")}</Button>}
        </div>
      ) : (
        <Notice>{t("trafficDenied")}</Notice>
      )}
      {sent !== undefined && (
        <p>
          {t("sent", { sent: sent.sent, ended: sent.ended, count: turns })}.{" "}
          {t("byRuntime", { count: sent.runtime })}, {t("byDirect", { count: sent.direct })},{" "}
          {t("failed", { count: sent.failed })}.
        </p>
      )}
      {error !== undefined && <Failure error={error} />}
    </Card>
  )
}
