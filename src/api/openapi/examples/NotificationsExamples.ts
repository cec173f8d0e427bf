/** The examples of the notifications. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

export const notificationsExamples: ExamplesByOperation = {
  notificationsTest: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            results: [
              { target: "oncall", form: "slack", delivered: true, status: 200, reason: null, ms: 212 },
              {
                target: "audit",
                form: "json",
                delivered: false,
                status: null,
                reason: "no connection (ECONNREFUSED)",
                ms: 4,
              },
            ],
          },
        },
      },
    },
  },
}
