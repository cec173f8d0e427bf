/** The examples of feedback. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const feedback = {
  messageId: "019a5c5e-7b21-7f0e-8a4d-2c9b1e5f7d30",
  runId: "019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d",
  sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
  rating: "down",
  score: null,
  comment: "The invoice is from last year.",
  createdAt: 1764489600000,
  updatedAt: 1764489600000,
}
const answer = { response: { example: { value: { success: true, data: { feedback } } } } }

export const feedbackExamples: ExamplesByOperation = {
  feedbackGet: answer,
  feedbackPut: {
    ...answer,
    request: {
      thumbs: { value: { rating: "up" } },
      reason: {
        summary: "With the reason",
        value: { rating: "down", comment: "The invoice is from last year." },
      },
      score: { summary: "A score instead of thumbs", value: { score: 0.75 } },
    },
  },
  feedbackWithdraw: {
    response: {
      example: { value: { success: true, data: { messageId: feedback.messageId, withdrawn: true } } },
    },
  },
}
