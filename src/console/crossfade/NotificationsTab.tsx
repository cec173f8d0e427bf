/** The last notifications, and a test of the webhooks. */
import { useState } from "preact/hooks"
import type { LiveView } from "../../api/LiveView.ts"
import { Badge, Button, Card, Failure, Loading, Notice, type Tone } from "../kit/Kit.tsx"
import { Time } from "../kit/Time.tsx"
import { type Account, may } from "../service/Access.ts"
import { useLive } from "../service/LiveFeed.ts"
import { dataOf } from "../service/Service.ts"
import { crossfadeText } from "../text/CrossfadeText.ts"
import { useText } from "../text/Text.ts"
import type { ViewProps } from "../ViewProps.ts"
import { Rows } from "./Rows.tsx"
import { visible } from "../../domain/PlainText.ts"
import { errorOf } from "../kit/ErrorOf.ts"

type Shown = LiveView["notifications"][number]

const tones: Readonly<Record<Shown["severity"], Tone>> = { info: "info", warning: "warn", action: "bad" }

const List = ({ notifications }: { readonly notifications: ReadonlyArray<Shown> }) => {
  const t = useText(crossfadeText)
  if (notifications.length === 0) return <p class="quiet">{t("noNotifications")}</p>
  return (
    <ul class="notifications">
      {notifications.map(({ at, by, id, kind, orgId, severity, text }) => (
        <li key={id}>
          <Badge tone={tones[severity]}>{t(severity)}</Badge>
          <span class="notification-text">
            {visible(text)}{" "}
            <span class="quiet">
              {visible([kind, orgId, by && t("by", { by })].filter(Boolean).join(" · "))}
            </span>
          </span>
          <span class="quiet">
            <Time at={at} ago />
          </span>
        </li>
      ))}
    </ul>
  )
}

type Delivery = Readonly<Record<string, unknown>>

/** The answer is a list of deliveries, or an object with it. */
const deliveriesOf = (data: unknown): ReadonlyArray<Delivery> => {
  if (Array.isArray(data)) return data
  if (typeof data !== "object" || data === null) return []
  return Object.values(data).find(Array.isArray) ?? []
}

const Test = ({ account }: { readonly account: Account }) => {
  const t = useText(crossfadeText)
  const [result, setResult] = useState<ReadonlyArray<Delivery>>()
  const [error, setError] = useState<Error>()
  const [isSending, setSending] = useState(false)
  const mayWrite = may(account, "operator:write")
  const send = () => {
    setSending(true)
    setError(undefined)
    dataOf<unknown>("/api/v1/runtime/notifications/test", { method: "POST" })
      .then((data) => setResult(deliveriesOf(data)))
      .catch((cause: unknown) => setError(errorOf(cause)))
      .finally(() => setSending(false))
  }
  return (
    <>
      <div class="row">
        <Button disabled={!mayWrite || isSending} onClick={send}>
          {t("sendTest")}
        </Button>
        {!mayWrite && <span class="quiet">{t("needsWrite")}</span>}
      </div>
      {error !== undefined && <Failure error={error} />}
      {result !== undefined && (
        <Rows
          label={t("testResult")}
          heads={Object.keys(result[0] ?? {})}
          empty={t("testNone")}
          rows={result.map((delivery, index) => ({
            key: String(index),
            cells: Object.values(delivery).map((value) =>
              typeof value === "string" ? value : JSON.stringify(value),
            ),
          }))}
        />
      )}
    </>
  )
}

const NotificationsTab = ({ account }: ViewProps) => {
  const t = useText(crossfadeText)
  const { lost, view } = useLive()
  if (view === undefined)
    return lost === undefined ? (
      <Loading />
    ) : (
      <Notice tone="bad" alert>
        {lost}
      </Notice>
    )
  const { notifications } = view
  return (
    <Card title={t("notifications")}>
      <p class="quiet">
        {t("notificationsHelp")} <code>{t("howTo")}</code>
      </p>
      <Test account={account} />
      <List notifications={notifications} />
    </Card>
  )
}

export default NotificationsTab
