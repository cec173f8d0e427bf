/**
 * A notification as a message of a Slack incoming webhook: blocks, and a text for the phone's notification. Pure.
 * Slack refuses a message with `invalid_payload` if a text is longer than 3000 characters.
 */
import type { Notification } from "../domain/Notification.ts"
import { printableLine } from "../domain/PlainText.ts"
import { titleOf } from "./Title.ts"

const longestText = 3000
/** An escape of one character has at most five, so a cut text never exceeds the limit. */
const longestPart = Math.floor(longestText / 5) - 100

const cut = (text: string): string =>
  text.length > longestPart ? `${text.slice(0, longestPart).replace(/[\ud800-\udbff]$/, "")}…` : text

/** Slack reads these three as markup: `<!channel>` would page everyone, `<url|text>` would hide an address. */
const escaped = (text: string): string =>
  cut(printableLine(text)).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const context = ({ at, by, kind, orgId, replica }: Notification): string =>
  [
    kind,
    orgId === null ? "all organisations" : `organisation ${orgId}`,
    ...(by === null ? [] : [`by ${by}`]),
    new Date(at).toISOString(),
    `replica ${replica}`,
  ].join(" · ")

export const slackMessage = (notification: Notification) => ({
  text: escaped(`${titleOf(notification)}: ${notification.text}`),
  unfurl_links: false,
  unfurl_media: false,
  blocks: [
    {
      type: "section",
      text: {
        type: "mrkdwn",
        text: `*${escaped(titleOf(notification))}*\n${escaped(notification.text)}`,
        verbatim: true,
      },
    },
    {
      type: "context",
      elements: [{ type: "mrkdwn", text: escaped(context(notification)), verbatim: true }],
    },
  ],
})
