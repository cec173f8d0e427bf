/** All commands of `crossfade`, each in a file of its own. */
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { agents } from "./AgentsCommand.ts"
import { autopilot } from "./AutopilotCommand.ts"
import { breaker, override } from "./BreakerCommand.ts"
import { chat } from "./ChatCommand.ts"
import { doctor } from "./DoctorCommand.ts"
import { keys } from "./KeysCommand.ts"
import { login, logout } from "./LoginCommand.ts"
import { notify } from "./NotifyCommand.ts"
import { rollout } from "./RolloutCommand.ts"
import { runs } from "./RunsCommand.ts"
import { secrets } from "./SecretsCommand.ts"
import { serve } from "./ServeCommand.ts"
import { sessions } from "./SessionsCommand.ts"
import { shadow } from "./ShadowCommand.ts"
import { simulate } from "./SimulateCommand.ts"
import { token } from "./TokenCommand.ts"
import { watch } from "./WatchCommand.ts"

export const crossfade = Command.make("crossfade").pipe(
  Command.withDescription("Chat gateway over an agent runtime and a direct LLM."),
  Command.withSubcommands([
    agents,
    autopilot,
    breaker,
    chat,
    doctor,
    keys,
    login,
    logout,
    notify,
    override,
    rollout,
    runs,
    secrets,
    serve,
    sessions,
    shadow,
    simulate,
    token,
    watch,
  ]),
)

/** The parser puts its own words before those of a schema. */
const withoutParser = (message: string): string =>
  message.replace(/Expected: Schema validation failed: (?:Expected )?/, "Expected: ")

/** A wrong command line gets its error and no page of help, which would push the error off the screen. */
export const presenter = CliOutput.layerPresenter({
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Console.error(
          [
            ...event.errors.map(({ message }) => withoutParser(message)),
            `See \`${event.commandPath.join(" ")} --help\`.`,
          ].join("\n"),
        )
      : Effect.suspend(() => CliOutput.defaultPresenter.present(event)),
})
