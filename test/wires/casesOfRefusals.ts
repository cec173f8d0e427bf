/** Refusals and errors within a stream: whose fault they are, and whether the same upstream or another one is asked. */
import { answers, type Attempted, endsTurn, fails, type WireCase } from "./WireCase.ts"
import { hello } from "./casesOfEnds.ts"
import { allKinds, directKinds, type Wire } from "./Wires.ts"

const json = { "content-type": "application/json" }
const whole = (wire: Wire) => ({ body: [...hello(wire), wire.finish("stop"), wire.end] })

const status = (
  code: number,
  body: (wire: Wire) => string = (wire) => wire.refusal("x"),
  headers: Readonly<Record<string, string>> = {},
) => ({
  id: `status-${code}`,
  upstream: `answers ${code}`,
  kinds: directKinds,
  answer: (wire: Wire) => ({ status: code, headers: { ...json, ...headers }, body: [body(wire)] }),
})

/** An error code in the body of a refusal. */
const coded = (code: number, name: string, message?: string) => ({
  ...status(code, (wire) => wire.refusal(name, message)),
  id: `status-${code}-${name.replaceAll("_", "-")}`,
  upstream: `answers ${code} with the code ${name}`,
  kinds: ["openai-compatible" as const, "openai" as const],
})

const inBand = (name: string) => ({
  id: `in-band-${name.replaceAll("_", "-")}`,
  upstream: `answers 200 and then says the error ${name}`,
  kinds: ["openai-compatible" as const, "anthropic" as const, "openai" as const],
  answer: (wire: Wire) => ({ body: [wire.opening, wire.error(name)] }),
})

const once = (first: Attempted): ReadonlyArray<Attempted> => [first, ["success", null]]

export const casesOfRefusals: ReadonlyArray<WireCase> = [
  ...[401, 402, 403, 404, 405, 410].map((code) => fails(status(code), "UPSTREAM_MISCONFIGURED")),
  ...[408, 425, 500, 502, 503, 504, 529].map((code) =>
    fails(status(code), "UPSTREAM_UNAVAILABLE", "error", 2),
  ),
  fails(status(429), "UPSTREAM_RATE_LIMITED", "neutral", 2),
  fails(status(400), "UPSTREAM_REJECTED", "neutral"),
  fails(status(422), "UPSTREAM_REJECTED", "neutral"),
  fails(status(413), "CONTEXT_TOO_LONG", "neutral"),
  ...[307, 302].map((code) =>
    fails(
      {
        ...status(code, () => "", { location: "http://127.0.0.1:9/elsewhere" }),
        upstream: `redirects elsewhere with ${code}`,
      },
      "UPSTREAM_MISCONFIGURED",
    ),
  ),
  ...["insufficient_quota", "billing_hard_limit_reached"].map((name) =>
    fails(coded(429, name), "UPSTREAM_MISCONFIGURED"),
  ),
  ...["model_not_found", "invalid_api_key"].map((name) => fails(coded(400, name), "UPSTREAM_MISCONFIGURED")),
  fails(coded(400, "context_length_exceeded"), "CONTEXT_TOO_LONG", "neutral"),
  ...["content_filter", "content_policy_violation"].map((name) =>
    endsTurn(coded(400, name), "CONTENT_FILTERED"),
  ),
  fails(
    {
      id: "status-400-prompt-too-long",
      upstream: "answers 400 because the prompt is too long",
      kinds: ["anthropic"],
      answer: (wire) => ({
        status: 400,
        headers: json,
        body: [wire.refusal("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum")],
      }),
    },
    "CONTEXT_TOO_LONG",
    "neutral",
  ),
  fails(
    {
      id: "status-400-credit",
      upstream: "answers 400 because there is no credit",
      kinds: ["anthropic"],
      answer: (wire) => ({
        status: 400,
        headers: json,
        body: [
          wire.refusal(
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
          ),
        ],
      }),
    },
    "UPSTREAM_MISCONFIGURED",
  ),
  answers(
    {
      id: "status-429-once",
      upstream: "answers 429 once with Retry-After: 0.2",
      kinds: directKinds,
      answer: (wire) => ({
        status: 429,
        headers: { ...json, "retry-after": "0.2" },
        body: [wire.refusal("x")],
      }),
      later: whole,
    },
    "Hello, café",
    "stop",
    once(["neutral", "UPSTREAM_RATE_LIMITED"]),
  ),
  ...[429, 503].map((code) =>
    fails(
      {
        ...status(code, undefined, { "retry-after": "3600" }),
        id: `status-${code}-long`,
        upstream: `answers ${code} with Retry-After: 3600`,
      },
      code === 429 ? "UPSTREAM_RATE_LIMITED" : "UPSTREAM_UNAVAILABLE",
      code === 429 ? "neutral" : "error",
    ),
  ),
  answers(
    {
      id: "status-503-once",
      upstream: "answers 503 once",
      kinds: allKinds,
      answer: () => ({ status: 503, headers: json, body: ["{}"] }),
      later: whole,
    },
    "Hello, café",
    "stop",
    once(["error", "UPSTREAM_UNAVAILABLE"]),
  ),
  fails(
    {
      id: "status-endless-body",
      upstream: "answers 400 with a body that never ends",
      kinds: directKinds,
      answer: () => ({ status: 400, headers: json, body: ['{"error":'], afterwards: "hold" }),
    },
    "UPSTREAM_REJECTED",
    "neutral",
  ),
  ...["rate_limit_exceeded", "rate_limit_error"].map((name) =>
    fails(inBand(name), "UPSTREAM_RATE_LIMITED", "neutral", 2),
  ),
  ...["overloaded_error", "server_error"].map((name) =>
    fails(inBand(name), "UPSTREAM_UNAVAILABLE", "error", 2),
  ),
  fails(inBand("insufficient_quota"), "UPSTREAM_MISCONFIGURED"),
  fails(inBand("context_length_exceeded"), "CONTEXT_TOO_LONG", "neutral"),
  endsTurn(inBand("content_filter"), "CONTENT_FILTERED"),
  fails(
    {
      id: "in-band-late",
      upstream: "sends an error in the middle of an answer and then continues",
      kinds: ["openai-compatible", "anthropic"],
      answer: (wire) => ({
        body: [
          ...hello(wire),
          wire.error("server_error"),
          wire.text(" after the error"),
          wire.finish("stop"),
          wire.end,
        ],
      }),
    },
    "UPSTREAM_FAILED",
  ),
  fails(
    {
      id: "in-band-json",
      upstream: "answers 200 with an error as one JSON body",
      kinds: ["openai-compatible"],
      answer: (wire) => ({ headers: json, body: [wire.refusal("rate_limit_exceeded")] }),
    },
    "UPSTREAM_RATE_LIMITED",
    "neutral",
    2,
  ),
]
