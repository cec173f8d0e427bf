/** The sandbox's ports. One that the environment does not set may move if it is in use. */
import type { Settings } from "../config/Config.ts"

export const sandboxSettings = (settings: Settings) => ({
  runtimePort: settings.SANDBOX_RUNTIME_PORT,
  modelPort: settings.SANDBOX_MODEL_PORT,
  mayMove: {
    runtime: !settings.given.has("SANDBOX_RUNTIME_PORT"),
    model: !settings.given.has("SANDBOX_MODEL_PORT"),
  },
})
