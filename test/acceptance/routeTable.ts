/** The status of each route of the contract for each kind of caller. A route without a row fails `Routes.test.ts`. */

/**
 * The kinds of caller. The owner, a user of acme, owns every object that a request names. A colleague is another user
 * of acme with the same permissions, the admin a user of acme with every permission that a tenant can grant, the
 * stranger such an admin of another organisation. An anonymous caller sends no token.
 */
export const callers = ["anonymous", "owner", "colleague", "admin", "stranger", "operator"] as const
export type Caller = (typeof callers)[number]

/**
 * A request without its path parameters. `$agent`, `$session`, `$run` and `$message` stand for the owner's ids, `$cursor` for the
 * place of its session in a list.
 */
export interface Row {
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  readonly statuses: Readonly<Record<Caller, number>>
}

const row = (
  [anonymous, owner, colleague, admin, stranger, operator]: readonly [
    number,
    number,
    number,
    number,
    number,
    number,
  ],
  request: Omit<Row, "statuses"> = {},
): Row => ({ ...request, statuses: { anonymous, owner, colleague, admin, stranger, operator } })

const open = row([200, 200, 200, 200, 200, 200])
const operators = (request?: Omit<Row, "statuses">) => row([401, 403, 403, 403, 403, 200], request)
/** All other callers get 404, with any permissions. */
const owners = (request?: Omit<Row, "statuses">) => row([401, 200, 404, 404, 404, 403], request)
const reason = "route walk"
const question = { role: "user", content: "hello" }
const agUiInput = (threadId: string) => ({
  threadId,
  runId: "r",
  messages: [{ id: "m", role: "user", content: "hello" }],
})

export const table: Readonly<Record<string, ReadonlyArray<Row>>> = {
  "GET /api/v1/health": [open],
  "GET /api/v1/health/ready": [open],

  // Another organisation's agent gives 404.
  "POST /api/v1/chat/start": [
    row([401, 200, 200, 200, 404, 403], { body: { agentId: "$agent", message: "hello" } }),
    owners({ body: { agentId: "$agent", message: "x" }, headers: { "last-event-id": "$run:0" } }),
    owners({ body: { agentId: "$agent", message: "x" }, query: "?lastEventId=$run:0" }),
  ],
  "POST /api/v1/chat/sessions/{sessionId}": [
    owners({ body: { message: "hello" } }),
    owners({ body: { message: "x" }, headers: { "last-event-id": "$run:0" } }),
  ],
  // The owner's session has no interrupt.
  "POST /api/v1/chat/sessions/{sessionId}/resume": [
    row([401, 404, 404, 404, 404, 403], { body: { interruptId: "i1", payload: { approved: true } } }),
  ],
  "GET /api/v1/chat/sessions": [
    row([401, 200, 200, 200, 200, 403]),
    row([401, 200, 200, 200, 200, 403], { query: "?cursor=$cursor" }),
  ],
  "GET /api/v1/chat/sessions/counts": [row([401, 200, 200, 200, 200, 403])],
  "PATCH /api/v1/chat/sessions/{sessionId}": [
    owners({ body: { title: "Renamed" } }),
    owners({ body: { pinned: true, archived: false } }),
  ],
  "GET /api/v1/chat/sessions/{sessionId}/runs": [owners()],
  "POST /api/v1/chat/sessions/{sessionId}/cancel": [owners()],
  "GET /api/v1/chat/sessions/{sessionId}/export": [owners()],
  "GET /api/v1/chat/export": [row([401, 200, 200, 200, 200, 403])],
  // A user of another organisation with the same id is another user, and has no session there.
  "GET /api/v1/users/{userId}/export": [row([401, 403, 403, 200, 200, 403])],
  "GET /api/v1/chat/search": [row([401, 200, 200, 200, 200, 403], { query: "?q=hello" })],
  "GET /api/v1/chat/sessions/{sessionId}": [owners(), owners({ query: "?leaf=latest" })],
  "GET /api/v1/chat/messages/{messageId}/feedback": [owners()],
  "PUT /api/v1/chat/messages/{messageId}/feedback": [owners({ body: { rating: "up" } })],
  "DELETE /api/v1/chat/messages/{messageId}/feedback": [owners()],
  "POST /api/v1/chat/messages/{messageId}/regenerate": [owners({ body: {} }), owners()],
  // Only messages of the user can be edited, so the request names the question.
  "POST /api/v1/chat/messages/{messageId}/edit": [owners({ body: { message: "hello" } })],
  "GET /api/v1/chat/messages/{messageId}": [owners()],
  "GET /api/v1/chat/runs/{runId}": [owners()],
  "GET /api/v1/chat/runs/{runId}/events": [owners(), owners({ query: "?after=0" })],
  "POST /api/v1/chat/runs/{runId}/ticket": [owners()],
  "POST /api/v1/chat/runs/{runId}/cancel": [owners()],
  "GET /api/v1/chat/runs/{runId}/files/{fileId}": [owners()],
  "POST /api/v1/chat/runs/{runId}/files/{fileId}/ticket": [owners()],

  "POST /api/v1/files": [row([401, 200, 200, 200, 200, 403], { body: { any: "text" } })],
  "GET /api/v1/files": [row([401, 200, 200, 200, 200, 403])],
  "GET /api/v1/files/{fileId}": [owners()],
  "POST /api/v1/files/{fileId}/ticket": [owners()],
  "DELETE /api/v1/files/{fileId}": [owners()],

  "POST /v1/chat/completions": [
    row([401, 200, 200, 200, 404, 403], { body: { model: "agent:$agent", messages: [question] } }),
  ],
  "GET /v1/models": [row([401, 200, 200, 200, 200, 403])],
  // The owner's agent is the model.
  "GET /v1/models/{model}": [row([401, 200, 200, 200, 404, 403])],

  "POST /api/v1/ag-ui": [row([401, 200, 200, 200, 200, 403], { body: agUiInput("ag-ui-routes") })],
  "POST /api/v1/ag-ui/{agentId}": [
    row([401, 200, 200, 200, 404, 403], { body: agUiInput("ag-ui-agent-routes") }),
    // The session belongs to the owner, and another user's thread may have its id.
    row([401, 200, 200, 200, 404, 403], { body: agUiInput("$session") }),
  ],

  "POST /api/v1/ai-sdk/chat": [
    row([401, 200, 200, 200, 404, 403], {
      body: {
        id: "routes-3",
        agentId: "$agent",
        messages: [{ id: "m", role: "user", parts: [{ type: "text", text: "hello" }] }],
      },
    }),
    // The session belongs to the owner, and another user's chat may have its id.
    row([401, 200, 200, 200, 404, 403], {
      body: {
        id: "$session",
        agentId: "$agent",
        message: { id: "m", role: "user", parts: [{ type: "text", text: "hello" }] },
      },
    }),
  ],
  "GET /api/v1/ai-sdk/chat/{id}/stream": [row([401, 204, 204, 204, 204, 403])],
  "GET /api/v1/ai-sdk/chat/{id}/messages": [row([401, 200, 200, 200, 200, 403])],
  "POST /api/v1/ai-sdk/chat/{id}/stop": [row([401, 200, 200, 200, 200, 403])],

  "GET /api/v1/agents": [row([401, 200, 200, 200, 200, 403])],
  "GET /api/v1/agents/{agentId}": [row([401, 200, 200, 200, 404, 403])],
  "POST /api/v1/agents": [row([401, 200, 200, 200, 200, 403], { body: { name: "new" } })],
  "PATCH /api/v1/agents/{agentId}": [
    row([401, 200, 200, 200, 404, 403], { body: { systemPrompt: "Be brief." } }),
  ],

  "GET /api/v1/console": [open],
  // The gateway of this test has no identity provider.
  "POST /api/v1/console/sign-in": [
    row([404, 404, 404, 404, 404, 404], {
      body: { code: "c", verifier: "v".repeat(43), redirectUri: "http://127.0.0.1/", nonce: "n" },
    }),
  ],

  "GET /api/v1/me": [row([401, 200, 200, 200, 200, 200])],

  "GET /api/v1/keys": [row([401, 200, 200, 200, 200, 403])],
  "POST /api/v1/keys": [row([401, 200, 200, 200, 200, 403], { body: { name: "new" } })],
  // The tenant's administrator revokes every key of the organisation.
  "DELETE /api/v1/keys/{keyId}": [row([401, 200, 404, 200, 404, 403])],

  "GET /api/v1/runtime/metrics/{orgId}": [row([401, 403, 403, 200, 404, 200])],
  "GET /api/v1/runtime/metrics": [operators()],
  "GET /api/v1/runtime/live": [operators()],
  "GET /api/v1/runtime/series": [operators()],
  "GET /api/v1/runtime/fallback/status": [operators()],
  "GET /api/v1/runtime/orgs": [operators()],
  "GET /api/v1/runtime/fallback/history": [operators()],
  "POST /api/v1/runtime/fallback/reset": [operators(), operators({ body: { orgId: "acme", reason } })],
  "POST /api/v1/runtime/fallback/force": [
    operators({ body: { mode: "none", reason } }),
    operators({ body: { mode: "none", orgId: "acme", reason } }),
    operators({ body: { mode: "none", orgId: "other", reason } }),
  ],
  "GET /api/v1/runtime/rollout": [operators()],
  // The default that an autopilot can start from.
  "PUT /api/v1/runtime/rollout": [operators({ body: { defaultMode: "direct_llm", reason } })],
  "GET /api/v1/runtime/audit": [operators()],
  "GET /api/v1/runtime/autopilot": [operators()],
  "POST /api/v1/runtime/autopilot": [operators({ body: { reason } })],
  "POST /api/v1/runtime/autopilot/pause": [operators()],
  "POST /api/v1/runtime/autopilot/resume": [operators()],
  // 409: the first step does not wait for an operator.
  "POST /api/v1/runtime/autopilot/promote": [row([401, 403, 403, 403, 403, 409])],
  "POST /api/v1/runtime/autopilot/approve": [row([401, 403, 403, 403, 403, 409])],
  "POST /api/v1/runtime/autopilot/abort": [operators()],
  "POST /api/v1/runtime/notifications/test": [operators()],
  "GET /api/v1/runtime/runs": [
    row([401, 403, 403, 200, 200, 200]),
    // An administrator sees its own organisation only.
    row([401, 403, 403, 404, 200, 200], { query: "?org=other" }),
  ],
  "GET /api/v1/runtime/runs/{runId}": [
    row([401, 403, 403, 200, 404, 200]),
    row([401, 403, 403, 200, 404, 200], { query: "?content=true" }),
  ],
  "GET /api/v1/runtime/runs/{runId}/events": [row([401, 403, 403, 200, 404, 200])],
  "GET /api/v1/runtime/shadow/report": [operators(), operators({ query: "?orgId=acme" })],
  "GET /api/v1/runtime/shadow/series": [operators(), operators({ query: "?orgId=acme&points=5" })],
  "GET /api/v1/runtime/shadow/mismatches": [operators(), operators({ query: "?orgId=acme" })],

  "GET /api/v1/erasures": [row([401, 403, 403, 200, 200, 200])],
  "GET /api/v1/erasures/{erasureId}": [row([401, 403, 403, 200, 404, 200])],
  // The rows from here on delete the objects of the others, so they are last.
  "POST /api/v1/chat/messages/{messageId}/restore": [owners()],
  "POST /api/v1/chat/sessions/{sessionId}/restore": [owners()],
  "DELETE /api/v1/chat/messages/{messageId}": [owners()],
  "DELETE /api/v1/chat/sessions/{sessionId}": [owners()],
  // The stranger erases a user with the same id of its own organisation.
  "DELETE /api/v1/users/{userId}": [row([401, 403, 403, 202, 202, 403])],
  "DELETE /api/v1/organisations/{orgId}": [row([401, 403, 403, 202, 404, 202])],
}
