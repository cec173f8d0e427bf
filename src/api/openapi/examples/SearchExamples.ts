/** The examples of the search. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

export const searchExamples: ExamplesByOperation = {
  searchSearch: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            results: [
              {
                sessionId: "019a5c5e-7b1f-7a44-8c1e-5b7d2e9f0a1b",
                agentId: "019a5c5e-7000-7b11-8000-0000000000a1",
                archived: false,
                createdAt: 1764489621000,
                updatedAt: 1764489625000,
                title: { text: "Where is my invoice?", matches: [{ start: 12, end: 19 }] },
                messages: [
                  {
                    messageId: "019a5c5e-7b22-7c55-8a3d-6c8e3fa01b2c",
                    role: "assistant",
                    createdAt: 1764489625000,
                    text: "Your invoice arrives next week.",
                    matches: [
                      { start: 5, end: 12 },
                      { start: 21, end: 30 },
                    ],
                  },
                ],
              },
            ],
            nextCursor:
              "WyJzZWFyY2giLFsxNzY0NDg5NjI1MDAwLCIwMTlhNWM1ZS03YjFmLTdhNDQtOGMxZS01YjdkMmU5ZjBhMWIiXV0",
            hasMore: true,
          },
        },
      },
    },
  },
}
