/** The variables of the agent runtime. */
import { address, type Variable } from "./ConfigVariable.ts"
import * as RuntimeErrorText from "../domain/RuntimeErrorText.ts"

const errorPatterns: Variable<ReadonlyArray<RuntimeErrorText.ErrorPattern>> = {
  about:
    "Answers by which the runtime reports a failure of its own, separated by ||; * stands for any text. Such an attempt has failed.",
  default: RuntimeErrorText.defaultPatterns,
  allowed: RuntimeErrorText.allowed,
  parse: RuntimeErrorText.parse,
}

export const runtimeVariables = {
  RUNTIME_SERVICE_URL: address("The agent runtime (by convention on port 8801). Empty: there is none."),
  RUNTIME_ERROR_PATTERNS: errorPatterns,
}
