/** The sandbox's servers in a separate process, so that a fault of theirs costs the gateway nothing. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { seeded } from "../../src/sandbox/Bytes.ts"
import { Sandbox } from "../../src/sandbox/Sandbox.ts"

const seed = Number(process.argv[2] ?? 1)
const options = { runtimePort: 0, modelPort: 0, pace: 0.1, pingIntervalMs: 500, random: seeded(seed) }

Effect.flatMap(Sandbox, ({ modelUrl }) =>
  Effect.andThen(Console.log(`model ${modelUrl}`), Effect.never),
).pipe(Effect.provide(Sandbox.layer(options)), Effect.runFork)
