/**
 * `crossfade token`: a bearer token, signed with the secret that the service of this environment uses. A token with
 * operators' permissions is signed with AUTH_OPERATOR_SECRET, or with the secret that the service generated.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Config from "../config/Config.ts"
import { withShownDefault } from "./DefaultFlag.ts"
import { requireFile } from "./DataFolder.ts"
import { explained } from "./Explained.ts"
import { jsonFlag, print } from "./Output.ts"
import { wordsOf } from "./KeysText.ts"
import { type OrgId, TokenOrgId, TokenUserId, type UserId } from "../domain/Ids.ts"
import { isOperatorPermission } from "../domain/Operators.ts"
import * as Jwt from "../http/Jwt.ts"
import { SigningSecret } from "../http/SigningSecret.ts"
import * as StageSettings from "../app/StageSettings.ts"

export class NoOperatorSecret extends Schema.TaggedError<NoOperatorSecret>()("NoOperatorSecret", {}) {
  override get message(): string {
    return "The service of this environment takes operators' permissions from no token of AUTH_JWT_SECRET. Set AUTH_OPERATOR_SECRET there and here, such as from `openssl rand -hex 32`."
  }
}

const permissions = Flag.String("permissions").pipe(
  withShownDefault("Permissions, separated by commas or spaces", "chat:*,sessions:*"),
)

/** A hundred years: a larger number is a mistake. */
const longestHours = 876_000

const hours = Flag.Finite("hours").pipe(
  Flag.withSchema(
    Schema.Finite.check(
      Schema.makeFilter(
        (hours) => (hours > 0 && hours <= longestHours) || `Expected more than 0, at most ${longestHours}`,
      ),
    ),
  ),
  withShownDefault("Lifetime of the token in hours", 24),
)

const signingSecret = (settings: Config.Settings, isOperator: boolean) => {
  const { AUTH_JWT_SECRET, AUTH_OPERATOR_SECRET, DATA_DIR } = settings
  if (isOperator && AUTH_OPERATOR_SECRET !== undefined) return Effect.succeed(AUTH_OPERATOR_SECRET)
  if (isOperator && AUTH_JWT_SECRET !== undefined) return Effect.fail(new NoOperatorSecret())
  const found = AUTH_JWT_SECRET === undefined ? requireFile(DATA_DIR, "secret") : Effect.void
  const secret = Effect.map(SigningSecret, ({ secret }) => secret)
  return Effect.andThen(
    found,
    Effect.provide(secret, SigningSecret.layer({ secret: AUTH_JWT_SECRET, dataDir: DATA_DIR })),
  )
}

const mint = Effect.fnUntraced(function* (flags: {
  readonly org: OrgId
  readonly user: UserId
  readonly permissions: string
  readonly hours: number
  readonly json: boolean
}) {
  const settings = yield* Config.read(process.env)
  const permissions = wordsOf(flags.permissions)
  const secret = yield* signingSecret(settings, permissions.some(isOperatorPermission))
  const principal = { orgId: flags.org, userId: flags.user, permissions }
  const token = yield* Jwt.mint(secret, principal, flags.hours, StageSettings.tokenRules(settings))
  const expiresAt = (yield* Clock.currentTimeMillis) + flags.hours * 3_600_000
  yield* print(flags.json, { token, expiresAt }, () => [token])
})

export const token = Command.make(
  "token",
  {
    org: Flag.String("org").pipe(
      Flag.withDescription("Organisation (claim org_id)"),
      Flag.withSchema(TokenOrgId),
    ),
    user: Flag.String("user").pipe(Flag.withDescription("User (claim sub)"), Flag.withSchema(TokenUserId)),
    permissions,
    hours,
    json: jsonFlag,
  },
  (flags) => explained(mint(flags)),
).pipe(
  Command.withDescription("Print a token for the service of this environment."),
  Command.withExamples([
    {
      command: "crossfade token --org acme --user ana --permissions 'chat:*'",
      description: "A token for chatting",
    },
    {
      command: "crossfade token --org ops --user olga --permissions 'operator:*'",
      description: "A token for running the service",
    },
  ]),
)
