/**
 * The signature of a webhook, as Standard Webhooks defines it (https://www.standardwebhooks.com): HMAC-SHA256 over the
 * id, the time of the try and the exact bytes of the body. Pure.
 */
import { createHmac } from "node:crypto"
import { keyOf } from "../domain/WebhookSecret.ts"

export const headersOf = (
  id: string,
  now: number,
  body: string,
  secret: string,
): Readonly<Record<string, string>> => {
  const seconds = String(Math.floor(now / 1000))
  const mac = createHmac("sha256", keyOf(secret) ?? Buffer.alloc(0))
  return {
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${mac.update(`${id}.${seconds}.${body}`).digest("base64")}`,
  }
}
