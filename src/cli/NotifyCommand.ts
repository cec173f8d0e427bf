/** `crossfade notify`: the notifications of a running service. */
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { success } from "../api/Envelope.ts"
import { type TestResult, TestResults } from "../api/NotificationsApi.ts"
import { calling, serviceFlags, serviceOf } from "./ServiceFlags.ts"
import { send, ServiceRefused } from "./ServiceClient.ts"

const envelope = success(TestResults)

const lineOf = ({ delivered, form, ms, reason, status, target }: TestResult): string =>
  delivered
    ? `${target} (${form}): delivered in ${ms} ms, answer ${status}`
    : `${target} (${form}): NOT delivered: ${reason}`

const test = Command.make("test", serviceFlags("operator:write"), (flags) =>
  calling(
    Effect.gen(function* () {
      const request = HttpClientRequest.post("/api/v1/runtime/notifications/test")
      const { results } = yield* send(serviceOf(flags), request, envelope)
      if (results.length === 0)
        return yield* new ServiceRefused({ reason: "The service has no webhook: set NOTIFY_WEBHOOKS." })
      yield* Console.log(results.map(lineOf).join("\n"))
      const failed = results.filter(({ delivered }) => !delivered)
      if (failed.length > 0)
        return yield* new ServiceRefused({ reason: `${failed.length} of ${results.length} failed.` })
    }),
  ),
).pipe(Command.withDescription("Send a test notification to each webhook, and print each result."))

export const notify = Command.make("notify").pipe(
  Command.withDescription("Try the webhooks of a running service."),
  Command.withSubcommands([test]),
  Command.withExamples([
    { command: "crossfade notify test", description: "With the token in CROSSFADE_TOKEN" },
  ]),
)
