/** The variables of the agent runtime. */
import type * as Redacted from "effect/Redacted"
import { runtimeProtocols } from "../domain/RuntimeProtocol.ts"
import { headers } from "./ConfigProviderVariables.ts"
import { address, choice, choices, optionalText, type Variable } from "./ConfigVariable.ts"
import * as RuntimeErrorText from "../domain/RuntimeErrorText.ts"

const errorPatterns: Variable<ReadonlyArray<RuntimeErrorText.ErrorPattern>> = {
  about:
    "Answers with which the runtime reports its own failure, separated by ||; * stands for any text. Such an attempt counts as failed.",
  default: RuntimeErrorText.defaultPatterns,
  allowed: RuntimeErrorText.allowed,
  parse: RuntimeErrorText.parse,
}

/** A server may know `/agent/` and answer `/agent` with a redirect, so the last slash of a path stays. */
const serviceUrl = (about: string): Variable<string> => {
  const bare = address(about)
  return {
    ...bare,
    parse: (text) => {
      const found = bare.parse(text)
      return found && text.endsWith("/") && new URL(found).pathname !== "/" ? `${found}/` : found
    },
  }
}

const runtimeHeaders: Variable<Readonly<Record<string, Redacted.Redacted<string>>>> = {
  ...headers,
  about: "Headers of each request to the runtime, such as its API key. A value with a ; needs the JSON form.",
}

const healthPath: Variable<string> = {
  ...optionalText(
    "Path of the runtime's health check on the origin of RUNTIME_SERVICE_URL: a 2xx answer is healthy. Empty: the check of the protocol; ag-ui and responses have none, so a direct TCP connection counts.",
    "empty, or a path that starts with one /, without fragment or white space",
  ),
  parse: (text) => (text === "" || /^\/(?![/\\])[^\s#\\]*$/.test(text) ? text : undefined),
}

export const runtimeVariables = {
  RUNTIME_SERVICE_URL: serviceUrl(
    "Address of the agent runtime (by convention on port 8801). Empty: none. agent2ui, langgraph: the base of the paths; ag-ui: the endpoint itself; responses: the base of /responses, usually with /v1.",
  ),
  RUNTIME_PROTOCOL: choice(
    "The protocol of the runtime: the wire of Agent2UI runtimes, AG-UI 1.0, a LangGraph Agent Server, or OpenAI's Responses API. An agent's `runtime.protocol` overrides it.",
    runtimeProtocols,
  ),
  RUNTIME_HEADERS: runtimeHeaders,
  RUNTIME_AGENT: optionalText(
    "langgraph: the assistant or graph id (empty: agent). responses: the model name. An agent's `runtime.agent` overrides it.",
    "the name of an agent at the runtime",
  ),
  RUNTIME_AG_UI_HISTORY: choice(
    "The messages that an AG-UI runtime gets: the whole conversation, or only those that its thread does not have, for runtimes with a memory of their own.",
    ["full", "last"] as const,
  ),
  RUNTIME_ATTACHMENTS: choices(
    "Kinds of files that the runtime takes. agent2ui: links to the files, so PUBLIC_URL is required for any. A message with other files does not go to the runtime.",
    ["image", "pdf", "text", "none"],
    "image,pdf,text",
  ),
  RUNTIME_HEALTH_PATH: healthPath,
  RUNTIME_ERROR_PATTERNS: errorPatterns,
}
