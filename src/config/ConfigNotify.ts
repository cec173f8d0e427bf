/**
 * The webhooks of notifications: `NOTIFY_WEBHOOKS=a,b` with the variables of each. Pure; its problems join those of
 * `Config.ts` in one message. An address and a signing key are secrets, so no problem repeats them.
 */
import * as Redacted from "effect/Redacted"
import { type Webhook, type WebhookForm, webhookForms } from "../domain/Webhook.ts"
import { allowedSecret, keyOf } from "../domain/WebhookSecret.ts"
import { choice, list, optionalText, type Variable } from "./ConfigVariable.ts"

const mostWebhooks = 20
const namesAllowed = `empty, or at most ${mostWebhooks} names of letters, digits and _ separated by commas, each once`

/** Names that differ only in case would share their variables. */
const areNames = (names: ReadonlyArray<string>): boolean =>
  names.length <= mostWebhooks &&
  names.every((name) => /^\w{1,40}$/.test(name)) &&
  new Set(names.map((name) => name.toUpperCase())).size === names.length

export const notifyVariables = {
  NOTIFY_WEBHOOKS: {
    ...optionalText(
      "Webhooks that receive notifications for the people on call. Each NAME has NOTIFY_<NAME>_URL and more (docs/how-to/get-notified.md).",
      namesAllowed,
    ),
    parse: (text: string) => (areNames(list(text)) ? text : undefined),
  },
}

const address: Variable<string> = {
  default: "",
  allowed: "an address with http:// or https://, without fragment or credentials",
  about:
    "Address of the webhook. Always required. It is a secret: the address of a chat's webhook is its password.",
  secret: true,
  parse: (text) => {
    if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
    const { hash, password, username } = new URL(text)
    return hash + username + password === "" ? text : undefined
  },
}

/** The variables of one webhook, after `NOTIFY_<NAME>_`. */
export const webhookVariables = {
  URL: address,
  FORM: choice<WebhookForm>(
    "`json`: the notification, signed. `slack`: a Slack incoming webhook. `teams`: a Teams workflow.",
    webhookForms,
  ),
  SECRET: {
    ...optionalText("Key of the signature. Required for `json`, unused by the other forms.", allowedSecret),
    secret: true,
    parse: (text: string) => (keyOf(text) === undefined ? undefined : text),
  },
} satisfies Record<string, Variable<unknown>>

type Part = keyof typeof webhookVariables
type Environment = Readonly<Record<string, string | undefined>>
interface Problem {
  readonly variable: string
  readonly found: string
  readonly allowed: string
}

const variableOf = (name: string, part: Part): string => `NOTIFY_${name.toUpperCase()}_${part}`

const readOne = (name: string, env: Environment, problems: Array<Problem>): ReadonlyArray<Webhook> => {
  const textOf = (part: Part) => env[variableOf(name, part)]?.trim() ?? ""
  const read = <A>(part: Part, { allowed, parse, secret }: Variable<A>, fallback: string): A | undefined => {
    const text = textOf(part)
    const value = parse(text || fallback)
    if (value !== undefined) return value
    const shown = secret ? `a value of ${text.length} characters` : JSON.stringify(text)
    problems.push({ variable: variableOf(name, part), found: text === "" ? "nothing" : shown, allowed })
    return undefined
  }
  const url = read("URL", webhookVariables.URL, "")
  const form = read("FORM", webhookVariables.FORM, webhookVariables.FORM.default)
  const secret = form === "json" ? read("SECRET", webhookVariables.SECRET, "") : undefined
  if (url === undefined || form === undefined || (form === "json" && secret === undefined)) return []
  return [
    { name, form, url: Redacted.make(url), secret: secret === undefined ? undefined : Redacted.make(secret) },
  ]
}

/** Empty if `names` itself is a problem already. */
export const readWebhooks = (
  names: string | undefined,
  env: Environment,
): { readonly webhooks: ReadonlyArray<Webhook>; readonly problems: ReadonlyArray<Problem> } => {
  const problems: Array<Problem> = []
  const webhooks = list(names ?? "").flatMap((name) => readOne(name, env, problems))
  return { webhooks, problems }
}

/** Variables that no webhook reads: misspelled ones, and those of a name that is not listed. */
export const unreadNotifyVariables = (
  names: string | undefined,
  env: Environment,
): ReadonlyArray<Problem> => {
  const parts = Object.keys(webhookVariables) as ReadonlyArray<Part>
  const isUsed = (part: Part, name: string) =>
    part !== "SECRET" || (env[variableOf(name, "FORM")]?.trim() || "json") === "json"
  const used = new Set(
    list(names ?? "").flatMap((name) =>
      parts.filter((part) => isUsed(part, name)).map((part) => variableOf(name, part)),
    ),
  )
  const unread = Object.keys(env).filter(
    (variable) => /^NOTIFY_(?!WEBHOOKS$)/.test(variable) && env[variable]?.trim() && !used.has(variable),
  )
  const allowed = `NOTIFY_<NAME>_ of a name in NOTIFY_WEBHOOKS, then ${parts.join(" | ")}; SECRET only for the form json`
  return unread.map((variable) => ({ variable, found: "a value", allowed }))
}
