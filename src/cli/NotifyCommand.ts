/** `crossfade notify`: the notifications of a running service. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import { success } from "../api/Envelope.ts"
import { type TestResult, TestResults } from "../api/NotificationsApi.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"
import { print } from "./Output.ts"
import { send, ServiceRefused } from "./ServiceClient.ts"

const envelope = success(TestResults)

const lineOf = ({ delivered, form, ms, reason, status, target }: TestResult): string =>
  delivered
    ? `${target} (${form}): delivered in ${ms} ms, answer ${status}`
    : `${target} (${form}): NOT delivered: ${reason}`

const test = Command.make("test", serviceFlags("operator:write"), (flags) =>
  calling(
    flags,
    Effect.fnUntraced(function* (service) {
      const request = HttpClientRequest.post("/api/v1/runtime/notifications/test")
      const { results } = yield* send(service, request, envelope)
      if (results.length === 0)
        return yield* new ServiceRefused({ reason: "The service has no webhook: set NOTIFY_WEBHOOKS." })
      yield* print(flags.json, { results }, () => results.map(lineOf))
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
