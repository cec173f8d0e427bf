/**
 * The service with several workers: opens the ports, starts the sandbox if no upstream is configured, and then the
 * workers. What happens once for the service happens here, such as warnings and the first lines.
 */
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as NetAddress from "effect/net/NetAddress"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import type { AddressInfo, Server, Socket } from "node:net"
import { extname, join } from "node:path"
import { sandboxSettings } from "../app/SandboxSettings.ts"
import * as StageSettings from "../app/StageSettings.ts"
import * as Config from "../config/Config.ts"
import { reasonOf } from "../domain/Reason.ts"
import { CannotListenForOperators } from "../http/OperatorsPort.ts"
import { SigningSecret } from "../http/SigningSecret.ts"
import { Sandbox } from "../sandbox/Sandbox.ts"
import * as Listening from "../workers/Listening.ts"
import type { Port } from "../workers/Messages.ts"
import * as Workers from "../workers/Workers.ts"
import { announce } from "./Announcement.ts"
import { CannotListen } from "./CannotListen.ts"
import { logging, warnings } from "./ServiceLog.ts"
import * as StopSignals from "./StopSignals.ts"

/** As source and as built, this file is beside the folder `cli`. */
const program = join(import.meta.dirname, "../cli", `worker${extname(import.meta.filename)}`)

const addressOf = (server: Server): AddressInfo => server.address() as AddressInfo

const urlOf = ({ address, port }: AddressInfo) =>
  Effect.map(Effect.fromResult(NetAddress.inetAddressFromIpString(address, port)), HttpServer.formatAddress)

const openPorts = Effect.fnUntraced(function* (
  settings: Config.Settings,
  give: (port: Port, socket: Socket) => void,
) {
  const { ADMIN_PORT, HOST: host, PORT: port } = settings
  const main = yield* Effect.mapError(
    Listening.open({ host, port }, (socket) => give("main", socket)),
    (error) => CannotListen.on(settings, error),
  )
  if (ADMIN_PORT === null) return { main: addressOf(main) }
  const operators = yield* Effect.mapError(
    Listening.open({ host, port: ADMIN_PORT }, (socket) => give("operators", socket)),
    (error) => new CannotListenForOperators({ address: `${host}:${ADMIN_PORT}`, reason: reasonOf(error) }),
  )
  return { main: addressOf(main), operators: addressOf(operators) }
})

/** Its scope closes before that of the sandbox, which the last turns still need. */
const running = Effect.fnUntraced(function* (
  settings: Config.Settings,
  sandbox: Sandbox["Service"] | undefined,
) {
  const workers = yield* Workers.make(program)
  yield* Effect.sync(() =>
    process.once("exit", (code) => code === StopSignals.endedBySigint && workers.kill()),
  )
  const addresses = yield* openPorts(settings, workers.give)
  const url = yield* urlOf(addresses.main)
  const common = { addresses, ...(sandbox === undefined ? {} : { sandbox }) }
  yield* workers.run(settings.WORKERS, common, announce(settings, sandbox, url))
}, Effect.scoped)

const inSandbox = (settings: Config.Settings) =>
  Effect.flatMap(Sandbox, (urls) => running(StageSettings.withSandbox(settings, urls), urls)).pipe(
    Effect.provide(Sandbox.layer(sandboxSettings(settings))),
  )

const secret = (settings: Config.Settings) =>
  SigningSecret.layer({ secret: settings.AUTH_JWT_SECRET, dataDir: settings.DATA_DIR }).pipe(
    Layer.provide([NodeServices.layer, NodeCrypto.layerSecureRandom]),
  )

/** The whole service, until it is interrupted. */
export const serve = Effect.fnUntraced(function* (env: Config.Environment) {
  const settings = yield* Config.read(env)
  const service = settings.sandbox ? inSandbox(settings) : running(settings, undefined)
  const around = Layer.provideMerge(Layer.merge(secret(settings), warnings(settings)), logging(settings))
  yield* Effect.provide(service, around)
})
