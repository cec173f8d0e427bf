/** The parts of a usable configuration that its owner probably did not intend. Pure. */
import type { Settings } from "../config/Config.ts"

const ignored = ({ ignored }: Settings): ReadonlyArray<string> =>
  ignored.map(
    ({ allowed, found, variable }) =>
      `${variable}: found ${found}, ignored as if it were not set; allowed: ${allowed}`,
  )

const unknown = ({ unknown }: Settings): ReadonlyArray<string> =>
  unknown.map(
    ({ nearest, reason, variable }) =>
      `${variable} has no effect: ${reason}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
  )

const noFallback = ({ RUNTIME_SERVICE_URL, providers, sandbox }: Settings): ReadonlyArray<string> =>
  sandbox || RUNTIME_SERVICE_URL === "" || providers.length > 0
    ? []
    : [
        "no direct provider is configured: turns fail when the runtime does. Set DIRECT_LLM_PROVIDERS to fall back",
      ]

const runtimeChoices = ["CHAT_EXECUTION_MODE", "CHAT_RUNTIME_PERCENT", "CHAT_RUNTIME_ENABLED_ORGS"] as const

const noRuntime = (settings: Settings): ReadonlyArray<string> => {
  if (settings.sandbox || settings.RUNTIME_SERVICE_URL !== "") return []
  const chosen: Readonly<Record<(typeof runtimeChoices)[number], boolean>> = {
    CHAT_EXECUTION_MODE: settings.CHAT_EXECUTION_MODE === "runtime_orchestrator",
    CHAT_RUNTIME_PERCENT: settings.CHAT_RUNTIME_PERCENT > 0,
    CHAT_RUNTIME_ENABLED_ORGS: settings.CHAT_RUNTIME_ENABLED_ORGS.length > 0,
  }
  const names = runtimeChoices.filter((name) => chosen[name]).join(", ")
  return names === ""
    ? []
    : [
        `no runtime is configured, so all turns use direct mode in spite of ${names}. Set RUNTIME_SERVICE_URL to use a runtime`,
      ]
}

export const startWarnings = (settings: Settings): ReadonlyArray<string> => [
  ...ignored(settings),
  ...unknown(settings),
  ...noFallback(settings),
  ...noRuntime(settings),
]
