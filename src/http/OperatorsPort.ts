/** Listens on the operators' port while the service is there, and ends with it. */
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

/** Streams have ended before the port closes: what is under way then is short. */
const lastAnswers = "2 seconds"

/** `main` answers what comes here. */
export const layer = (
  main: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Layer.Layer<never, CannotListenForOperators> =>
  Layer.effectDiscard(
    Effect.acquireRelease(
      Effect.callback<Server, CannotListenForOperators>((resume) => {
        const server = NodeServer.makeOperators(main)
        const failed = (error: Error) => {
          const reason = reasonOf(error)
          resume(Effect.fail(new CannotListenForOperators({ address: `${host}:${port}`, reason })))
        }
        server.once("error", failed)
        server.listen({ host, port, backlog: NodeServer.backlog }, () => {
          server.off("error", failed)
          resume(Effect.succeed(server))
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
