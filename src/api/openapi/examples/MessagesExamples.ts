/** The examples of the routes of messages. */
import { eventExamples } from "./EventExamples.ts"
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"
import { answerExample } from "./StoredSession.ts"

export const messagesExamples: ExamplesByOperation = {
  messagesRegenerate: {
    request: {
      usual: { summary: "By the usual rules", value: {} },
      mode: { summary: "By a model without tools", value: { mode: "direct_llm" } },
    },
    response: eventExamples,
  },
  messagesEdit: {
    request: { example: { value: { message: "Where is my second order?" } } },
    response: eventExamples,
  },
  messagesMessage: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            ...answerExample,
            siblings: [answerExample.id, "019a5c5f-1a22-7d0e-9c3b-4e5f60718293"],
            leaf: answerExample.id,
          },
        },
      },
    },
  },
}
