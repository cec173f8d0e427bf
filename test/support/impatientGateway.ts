/** The gateway, with short time limits for readers that take nothing, so that a test can wait for their cut. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as App from "../../src/app/App.ts"
import * as Config from "../../src/config/Config.ts"

const limits = { takesNothingMs: 3000, unansweredMs: 1500 }

const announced = Layer.effectDiscard(
  HttpServer.addressFormattedWith((url) => Console.log(`Crossfade listens on ${url}`)),
)

const gateway = Layer.unwrap(
  Effect.map(Config.read(process.env), (settings) =>
    Layer.provide(announced, App.layer(settings, undefined, limits)),
  ),
)

NodeRuntime.runMain(Layer.launch(gateway))
