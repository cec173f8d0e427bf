/** A configured provider as a target of turns. */
import type { DirectProvider } from "../../domain/DirectProvider.ts"

export interface ProviderSettings extends DirectProvider {
  /** An agent's own model name overrides `model`. Only for the first provider: the others do not have that model. */
  readonly takesAgentModel: boolean
}
