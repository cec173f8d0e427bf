/** A configured provider as a target of turns. */
import type { DirectProvider } from "../../domain/DirectProvider.ts"

export interface ProviderSettings extends DirectProvider {
  /** Whether an agent's own model name wins over `model`. Only sensible for the first provider: the rest do not have it. */
  readonly takesAgentModel: boolean
}
