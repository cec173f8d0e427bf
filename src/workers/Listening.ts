/** The listening sockets of a service with workers. The primary reads no byte of a connection. */
import * as Effect from "effect/Effect"
import { createServer, type ListenOptions, type Server, type Socket } from "node:net"
import * as NodeServer from "../http/NodeServer.ts"

/** Opens a port until the scope closes. Fails with Node's error, such as `EADDRINUSE`. */
export const open = (options: ListenOptions, onConnection: (socket: Socket) => void) =>
  Effect.acquireRelease(
    Effect.callback<Server, Error>((resume) => {
      const server = createServer({ ...NodeServer.socketOptions, pauseOnConnect: true }, onConnection)
      server.once("error", (error) => resume(Effect.fail(error)))
      server.listen({ ...options, backlog: NodeServer.backlog }, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close()),
  )
