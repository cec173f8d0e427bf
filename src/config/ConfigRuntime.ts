/** The variables of the agent runtime. */
import { address, type Variable } from "./ConfigVariable.ts"
import * as RuntimeErrorText from "../domain/RuntimeErrorText.ts"

const errorPatterns: Variable<ReadonlyArray<RuntimeErrorText.ErrorPattern>> = {
  about:
    "Answers with which the runtime reports its own failure, separated by ||; * stands for any text. Such an attempt counts as failed.",
  default: RuntimeErrorText.defaultPatterns,
  allowed: RuntimeErrorText.allowed,
  parse: RuntimeErrorText.parse,
}

export const runtimeVariables = {
  RUNTIME_SERVICE_URL: address("Address of the agent runtime (by convention on port 8801). Empty: none."),
  RUNTIME_ERROR_PATTERNS: errorPatterns,
}
