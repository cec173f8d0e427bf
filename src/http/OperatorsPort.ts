/** Opens the operators' port with the service and closes it with the service. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Server } from "node:http"
import { reasonOf } from "../domain/Reason.ts"
import * as NodeServer from "./NodeServer.ts"

export class CannotListenForOperators extends Schema.TaggedError<CannotListenForOperators>()(
  "CannotListenForOperators",
  { address: Schema.String, reason: Schema.String },
) {
  override get message(): string {
    return `Cannot listen on ${this.address} (${this.reason}). Set ADMIN_PORT to a port that is free.`
  }
}

/** Streams end before the port closes, so the remaining responses are short. */
const lastAnswers = "2 seconds"

/** `operators`: from `NodeServer.makeOperators`. */
export const layer = (
  operators: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Layer.Layer<never, CannotListenForOperators> =>
  Layer.effectDiscard(
    Effect.acquireRelease(
      Effect.callback<Server, CannotListenForOperators>((resume) => {
        const failed = (error: Error) => {
          const reason = reasonOf(error)
          resume(Effect.fail(new CannotListenForOperators({ address: `${host}:${port}`, reason })))
        }
        operators.once("error", failed)
        operators.listen({ host, port, backlog: NodeServer.backlog }, () => {
          operators.off("error", failed)
          resume(Effect.succeed(operators))
        })
      }),
      (server) =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
        }).pipe(
          Effect.timeoutOption(lastAnswers),
          Effect.andThen(Effect.sync(() => server.closeAllConnections())),
        ),
    ),
  )
