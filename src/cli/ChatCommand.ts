/** `crossfade chat`: sends one message and streams its answer. Ctrl-C cancels the run. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { text } from "node:stream/consumers"
import type { ChatEvent } from "../client/Contract.ts"
import type { CrossfadeError } from "../client/CrossfadeError.ts"
import { defaultAgentId } from "../domain/Agent.ts"
import { SessionId } from "../domain/Ids.ts"
import * as AgentsClient from "./AgentsClient.ts"
import { chatClient, refusedBy } from "./ChatClient.ts"
import { ChatScreen } from "./ChatScreen.ts"
import { errorText, Transcript } from "./ChatText.ts"
import { printable } from "./Columns.ts"
import { jsonText } from "./Output.ts"
import { Refused, UsageError } from "./Explained.ts"
import type { Service } from "./ServiceClient.ts"
import { calling, serviceFlags } from "./ServiceFlags.ts"

const messageOf = Effect.fnUntraced(function* (given: Option.Option<string>) {
  if (Option.isSome(given)) return given.value
  if (process.stdin.isTTY)
    return yield* new UsageError({ message: 'Give a message, such as crossfade chat "Hello", or pipe one.' })
  return yield* Effect.promise(() => text(process.stdin))
})

interface Turn {
  readonly agent: Option.Option<string>
  readonly session: Option.Option<SessionId>
  readonly message: string
}

const events = Effect.fnUntraced(function* (
  service: Service,
  { agent, message, session }: Turn,
  onRetry: (error: CrossfadeError) => void,
) {
  const client = chatClient(service)
  // The command cancels the run itself, because it must wait for the service to confirm.
  const options = { detach: true, onRetry }
  if (Option.isSome(session)) return client.send(session.value, { message }, options)
  const agentId = Option.isSome(agent) ? yield* AgentsClient.idOf(service, agent.value) : defaultAgentId
  return client.start({ agentId, message }, options)
})

const show = (json: boolean, screen: ChatScreen, transcript: Transcript) => (event: ChatEvent) =>
  json ? Console.log(jsonText(event)) : Effect.forEach(transcript.take(event), screen.show, { discard: true })

/** Reads a run to its end and returns its last event. */
const read = (
  service: Service,
  stream: Stream.Stream<ChatEvent, CrossfadeError>,
  json: boolean,
  opened: Deferred.Deferred<string>,
) => {
  const screen = new ChatScreen()
  const transcript = new Transcript()
  return stream.pipe(
    Stream.tap(({ runId }) => Deferred.succeed(opened, runId)),
    Stream.tap(show(json, screen, transcript)),
    Stream.runLast,
    Effect.mapError(refusedBy(service)),
    Effect.ensuring(Effect.suspend(() => (json ? Effect.void : screen.end(transcript.answer)))),
    Effect.flatMap((last) => {
      const end = Option.getOrUndefined(last)
      return end?.event === "error" ? Effect.fail(new Refused({ message: errorText(end.data) })) : Effect.void
    }),
  )
}

/** For a cancel that the service does not confirm: the user wants the terminal back. */
const longestCancel = "5 seconds"

const cancelled = (service: Service, opened: Deferred.Deferred<string>) =>
  Deferred.await(opened).pipe(
    Effect.flatMap((runId) => chatClient(service).cancel(runId)),
    Effect.timeout(longestCancel),
    Effect.matchEffect({
      onFailure: () => Console.error("The cancel was not confirmed: the run may continue."),
      onSuccess: () => Console.error("The run is cancelled."),
    }),
  )

const chatting = Effect.fnUntraced(function* (service: Service, turn: Turn, json: boolean) {
  const opened = yield* Deferred.make<string>()
  const lost = yield* Deferred.make<never, CrossfadeError>()
  const onRetry = (error: CrossfadeError): void => {
    // Before the run, a refused connection will not get better; during the run, the service may restart.
    if (!Deferred.isDoneUnsafe(opened) && error.code === "CONNECTION_LOST")
      Deferred.doneUnsafe(lost, Effect.fail(error))
    else process.stderr.write(`${printable(error.message)} Trying again.\n`)
  }
  const stream = yield* events(service, turn, onRetry)
  const reading = yield* Effect.forkScoped(read(service, stream, json, opened))
  const unreachable = Effect.mapError(Deferred.await(lost), refusedBy(service))
  yield* Fiber.join(reading).pipe(
    Effect.raceFirst(unreachable),
    Effect.onInterrupt(() => cancelled(service, opened)),
  )
}, Effect.scoped)

export const chat = Command.make(
  "chat",
  {
    ...serviceFlags("chat:write, and sessions:write for a new session"),
    message: Argument.String("message").pipe(
      Argument.withDescription("The message (default: standard input)"),
      Argument.optional,
    ),
    agent: Flag.String("agent").pipe(
      Flag.withDescription("Id or name of the agent of a new session (default: the built-in one)"),
      Flag.optional,
    ),
    session: Flag.String("session").pipe(
      Flag.withDescription("Continue this session (default: a new one)"),
      Flag.withMetavar("ID"),
      Flag.withSchema(SessionId),
      Flag.optional,
    ),
  },
  ({ agent, message, session, ...flags }) =>
    calling(
      flags,
      Effect.fnUntraced(function* (service) {
        if (Option.isSome(agent) && Option.isSome(session))
          return yield* new UsageError({
            message: "--agent: a session keeps its agent, so leave out --session or --agent",
          })
        yield* chatting(service, { agent, session, message: yield* messageOf(message) }, flags.json)
      }),
    ),
).pipe(
  Command.withDescription(
    "Send a message and stream the answer. Steps, calls and fallbacks go to standard error; --json prints every event as a line. Exit code 1 if the run failed.",
  ),
  Command.withExamples([
    { command: 'crossfade chat "Hello"', description: "The answer on standard output" },
    {
      command: "git log -5 | crossfade chat --json",
      description: "The message from a pipe, the events as JSON lines",
    },
  ]),
)
