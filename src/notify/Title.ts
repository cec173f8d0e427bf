/** The first line of a message in a chat: the people on call see at once that they must act. Pure. */
import type { Notification } from "../domain/Notification.ts"

const words: Readonly<Record<Notification["severity"], string>> = {
  info: "Crossfade",
  warning: "Crossfade, warning",
  action: "Crossfade, action needed",
}

export const titleOf = ({ severity }: Notification): string => words[severity]
