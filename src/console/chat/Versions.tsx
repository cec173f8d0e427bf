/** The place of a message among its versions: ‹ 2/3 ›. */
import { versionOf } from "../../client/Branches.ts"
import type { ConversationMessage } from "../../client/Conversation.ts"
import { Button } from "../kit/Kit.tsx"
import { chatText } from "../text/ChatText.ts"
import { useText } from "../text/Text.ts"

export const Versions = ({
  isBusy,
  message,
  show,
}: {
  readonly message: ConversationMessage
  readonly isBusy: boolean
  readonly show: (messageId: string) => void
}) => {
  const t = useText(chatText)
  const version = versionOf(message)
  if (version === undefined || version.of < 2) return null
  const { next, number, of, previous } = version
  const step = (id: string | undefined, label: "previous" | "next", shown: string) => (
    <Button
      look="bare"
      aria-label={t(label)}
      title={t(label)}
      disabled={id === undefined || isBusy}
      onClick={() => id !== undefined && show(id)}
    >
      {shown}
    </Button>
  )
  return (
    <span class="versions" role="group" aria-label={t("versions")}>
      {step(previous, "previous", "‹")}
      <span aria-hidden="true">
        {number}/{of}
      </span>
      <span class="visually-hidden">{t("version", { number, of })}</span>
      {step(next, "next", "›")}
    </span>
  )
}
