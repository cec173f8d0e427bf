/** `crossfade token`: a bearer token, signed with the secret that the service of this environment uses. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Config from "../Config.ts"
import { type OrgId, TokenOrgId, TokenUserId, type UserId } from "../domain/Ids.ts"
import * as Jwt from "../http/Jwt.ts"
import { SigningSecret } from "../http/SigningSecret.ts"
import * as StageSettings from "../StageSettings.ts"

const permissions = Flag.String("permissions").pipe(
  Flag.withDescription("Permissions, separated by commas or spaces"),
  Flag.withDefault("chat:*,sessions:*"),
)

const hours = Flag.Finite("hours").pipe(
  Flag.withDescription("For how long it is valid"),
  Flag.withDefault(24),
)

const mint = Effect.fnUntraced(function* (flags: {
  readonly org: OrgId
  readonly user: UserId
  readonly permissions: string
  readonly hours: number
}) {
  const settings = yield* Config.read(process.env)
  const words = flags.permissions.split(/[\s,]+/).filter((word) => word !== "")
  const print = Effect.gen(function* () {
    const { secret } = yield* SigningSecret
    const principal = { orgId: flags.org, userId: flags.user, permissions: words }
    yield* Console.log(yield* Jwt.mint(secret, principal, flags.hours, StageSettings.tokenRules(settings)))
  })
  yield* Effect.provide(
    print,
    SigningSecret.layer({ secret: settings.AUTH_JWT_SECRET, dataDir: settings.DATA_DIR }),
  )
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
  },
  mint,
).pipe(
  Command.withDescription("Print a token for the service of this environment."),
  Command.withExamples([
    {
      command: "crossfade token --org acme --user ana --permissions 'chat:*'",
      description: "A token for chatting",
    },
  ]),
)
