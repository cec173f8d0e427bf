/** A configured receiver of notifications. */
import type * as Redacted from "effect/Redacted"

/** `json`: the notification itself, signed. The others are the forms of incoming webhooks of Slack and of Teams Workflows. */
export const webhookForms = ["json", "slack", "teams"] as const
export type WebhookForm = (typeof webhookForms)[number]

export interface Webhook {
  /** Stands for the address in logs, metrics and answers: the address of a chat's webhook is a secret. */
  readonly name: string
  readonly form: WebhookForm
  readonly url: Redacted.Redacted<string>
  /** The key of the signature. Only the form `json` has one. */
  readonly secret: Redacted.Redacted<string> | undefined
}

/** The result of one delivery. */
export type Delivered =
  | { readonly _tag: "delivered"; readonly status: number }
  /** `status` is null without an answer. */
  | {
      readonly _tag: "failed"
      readonly status: number | null
      readonly reason: string
      /** Undefined: another try would fail the same way. Else the shortest wait before it, in milliseconds. */
      readonly retryAfterMs: number | undefined
    }
