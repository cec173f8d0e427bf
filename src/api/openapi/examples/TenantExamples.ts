/** The examples of agents, API keys and health. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

export const tenantExamples: ExamplesByOperation = {
  meMe: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            orgId: "acme",
            userId: "ana",
            permissions: ["chat:*", "sessions:write"],
            expiresAt: 1764493200000,
          },
        },
      },
    },
  },
  agentsList: {
    response: {
      example: {
        value: {
          success: true,
          data: [
            {
              id: "00000000-0000-4000-8000-000000000001",
              orgId: null,
              settings: {
                name: "Assistant",
                active: true,
                systemPrompt:
                  "You are a helpful assistant. Answer clearly and briefly, in the user's language, and say so when you do not know.",
                mcpServers: [],
                subAgents: [],
              },
              attachments: { runtime_orchestrator: ["image", "pdf", "text"], direct_llm: ["image", "text"] },
              createdAt: 1764489600000,
              updatedAt: 1764489600000,
            },
          ],
          nextCursor:
            "WyJhZ2VudHMiLFsxNzk2MDMwNjUxMDc1LCIwMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEiXV0",
          hasMore: true,
        },
      },
    },
  },
  agentsGet: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            id: "019a5c5e-7000-7b11-8000-0000000000a1",
            orgId: "acme",
            settings: {
              name: "Support",
              active: true,
              systemPrompt: "Answer questions about orders. Be brief.",
              temperature: 0.2,
              mcpServers: [],
              subAgents: [],
            },
            attachments: { runtime_orchestrator: ["image", "pdf", "text"], direct_llm: ["image", "text"] },
            createdAt: 1764489600000,
            updatedAt: 1764489600000,
          },
        },
      },
    },
  },
  agentsCreate: {
    request: {
      smallest: { value: { name: "Support" } },
      withTools: {
        summary: "With an MCP server and its credentials",
        value: { name: "Support", systemPrompt: "Answer questions about orders. Be brief.", mcpServers: [] },
      },
    },
    response: {
      example: {
        value: {
          success: true,
          data: {
            id: "019a5c5e-7000-7b11-8000-0000000000a1",
            orgId: "acme",
            settings: {
              name: "Support",
              active: true,
              systemPrompt: "Answer questions about orders. Be brief.",
              mcpServers: [],
              subAgents: [],
            },
            attachments: { runtime_orchestrator: ["image", "pdf", "text"], direct_llm: ["image", "text"] },
            createdAt: 1764489600000,
            updatedAt: 1764489600000,
          },
        },
      },
    },
  },
  agentsUpdate: {
    request: { example: { value: { temperature: 0.2 } } },
    response: {
      example: {
        value: {
          success: true,
          data: {
            id: "019a5c5e-7000-7b11-8000-0000000000a1",
            orgId: "acme",
            settings: {
              name: "Support",
              active: true,
              systemPrompt: "Answer questions about orders. Be brief.",
              temperature: 0.2,
              mcpServers: [],
              subAgents: [],
            },
            attachments: { runtime_orchestrator: ["image", "pdf", "text"], direct_llm: ["image", "text"] },
            createdAt: 1764489600000,
            updatedAt: 1764489600000,
          },
        },
      },
    },
  },
  keysList: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            keys: [
              {
                id: "key_019a5c5e7c017aa08f56000000000001",
                orgId: "acme",
                userId: "ana",
                name: "Website",
                prefix: "sk-exampl",
                permissions: ["chat:*", "sessions:write"],
                agents: ["019a5c5e-7000-7b11-8000-0000000000a1"],
                ratePerMinute: 60,
                expiresAt: null,
                createdAt: 1764489600000,
                createdWith: null,
                revokedAt: null,
                lastUsedAt: null,
              },
            ],
            nextCursor: null,
            hasMore: false,
          },
        },
      },
    },
  },
  keysCreate: {
    request: {
      smallest: { value: { name: "Website" } },
      limited: {
        value: {
          name: "Website",
          permissions: ["chat:*", "sessions:write"],
          agents: ["019a5c5e-7000-7b11-8000-0000000000a1"],
          ratePerMinute: 60,
        },
      },
    },
    response: {
      example: {
        value: {
          success: true,
          data: {
            id: "key_019a5c5e7c017aa08f56000000000001",
            orgId: "acme",
            userId: "ana",
            name: "Website",
            prefix: "sk-exampl",
            permissions: ["chat:*", "sessions:write"],
            agents: ["019a5c5e-7000-7b11-8000-0000000000a1"],
            expiresAt: null,
            ratePerMinute: 60,
            createdAt: 1764489600000,
            createdWith: null,
            revokedAt: null,
            lastUsedAt: null,
            key: "sk-example-not-a-real-key",
          },
        },
      },
    },
  },
  keysRevoke: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            id: "key_019a5c5e7c017aa08f56000000000001",
            orgId: "acme",
            userId: "ana",
            name: "Website",
            prefix: "sk-exampl",
            permissions: ["chat:*", "sessions:write"],
            agents: ["019a5c5e-7000-7b11-8000-0000000000a1"],
            ratePerMinute: 60,
            expiresAt: null,
            createdAt: 1764489600000,
            createdWith: null,
            revokedAt: 1764489600000,
            lastUsedAt: null,
          },
        },
      },
    },
  },
  healthLive: { response: { example: { value: { success: true, data: { status: "alive" } } } } },
  healthReady: {
    response: {
      example: {
        value: {
          success: true,
          data: {
            ready: true,
            parts: {
              store: { status: "healthy" },
              runtime: { status: "healthy" },
              direct: { status: "healthy" },
            },
          },
        },
      },
    },
  },
}
