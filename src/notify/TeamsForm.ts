/**
 * A notification as an adaptive card for the Teams workflow "When a Teams webhook request is received", which replaced
 * the retired Office 365 connectors. Pure. Teams refuses messages of more than 28 KB.
 *
 * The text is in rich text blocks, which show it as it is: a text block would read links and emphasis from it.
 */
import type { Notification } from "../domain/Notification.ts"
import { printableLine } from "../domain/PlainText.ts"
import { titleOf } from "./Title.ts"

/** At most 4 bytes each, so that a card stays far below the limit. */
const longestText = 4000

const cut = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText).replace(/[\ud800-\udbff]$/, "")}…` : text

const colours = { info: "default", warning: "warning", action: "attention" } as const

const plain = (text: string, style: Readonly<Record<string, string>> = {}) => ({
  type: "RichTextBlock",
  inlines: [{ type: "TextRun", text: cut(printableLine(text)), ...style }],
})

const detailsOf = ({ at, by, kind, orgId, replica }: Notification): ReadonlyArray<string> => [
  `Event: ${kind}`,
  `Scope: ${orgId === null ? "all organisations" : `organisation ${orgId}`}`,
  ...(by === null ? [] : [`By: ${by}`]),
  `Time: ${new Date(at).toISOString()}`,
  `Replica: ${replica}`,
]

export const teamsMessage = (notification: Notification) => ({
  type: "message",
  attachments: [
    {
      contentType: "application/vnd.microsoft.card.adaptive",
      contentUrl: null,
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
        type: "AdaptiveCard",
        version: "1.4",
        body: [
          plain(titleOf(notification), { weight: "bolder", color: colours[notification.severity] }),
          plain(notification.text),
          ...detailsOf(notification).map((text) => plain(text, { size: "small" })),
        ],
        msteams: { width: "Full" },
      },
    },
  ],
})
