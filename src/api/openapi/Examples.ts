/** The examples of the API description, by operation. The tests hold each against its schema. */
import { openAiExamples } from "./examples/OpenAiExamples.ts"
import { agUiExamples } from "./examples/AgUiExamples.ts"
import { aiSdkExamples } from "./examples/AiSdkExamples.ts"
import { chatExamples } from "./examples/ChatExamples.ts"
import { autopilotExamples } from "./examples/AutopilotExamples.ts"
import { breakerExamples } from "./examples/BreakerExamples.ts"
import type { Examples, ExamplesByOperation } from "./examples/ExamplesByOperation.ts"
import { rolloutExamples } from "./examples/RolloutExamples.ts"
import { tenantExamples } from "./examples/TenantExamples.ts"
import type { JsonObject } from "./Schemas.ts"

const examples: ExamplesByOperation = {
  ...chatExamples,
  ...openAiExamples,
  ...aiSdkExamples,
  ...agUiExamples,
  ...tenantExamples,
  ...breakerExamples,
  ...rolloutExamples,
  ...autopilotExamples,
}

export const examplesOf = (operationId: string): Examples => examples[operationId] ?? {}

/** By the name of the parameter. */
export const parameterExamples: JsonObject = {
  agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
  sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
  id: "chat-7f3a",
  runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
  fileId: "invoice",
  keyId: "key_019a5c5e7c017aa08f56000000000001",
  orgId: "acme",
  model: "agent:019a5c5e-7000-7b11-8000-0000000000a1",
  "x-crossfade-hold": "true",
  limit: "20",
  since: "1764489600000",
  protocol: "2",
  "last-event-id": "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d:5",
  "idempotency-key": "2f1c9a7e-order-question",
  "if-match": '"3"',
}
