/** The examples of OpenAI's routes. */
import type { ExamplesByOperation } from "./ExamplesByOperation.ts"

const id = "chatcmpl-019a5c5e-7b20-7d3a-9d0c-3f1f6b1a2c3d"
const agent = "agent:019a5c5e-7000-7b11-8000-0000000000a1"
const model = { id: agent, object: "model", created: 1764489600, owned_by: "acme", name: "Order helper" }
const usage = { prompt_tokens: 21, completion_tokens: 9, total_tokens: 30 }
const chunk = { id, created: 1764489600, model: agent, object: "chat.completion.chunk" }
const choice = { index: 0, logprobs: null }

export const openAiExamples: ExamplesByOperation = {
  openaiChat: {
    request: {
      question: { value: { model: agent, messages: [{ role: "user", content: "Where is my order?" }] } },
      stream: {
        summary: "A stream with the usage at its end",
        value: {
          model: "Order helper",
          stream: true,
          stream_options: { include_usage: true },
          messages: [
            { role: "system", content: "Answer in one sentence." },
            { role: "user", content: "Where is my order?" },
            { role: "assistant", content: "Which order do you mean?" },
            { role: "user", content: [{ type: "text", text: "The last one." }] },
          ],
        },
      },
    },
    response: {
      example: {
        value: {
          id,
          created: 1764489600,
          model: "gpt-5-mini",
          object: "chat.completion",
          choices: [
            {
              ...choice,
              message: { role: "assistant", content: "It arrives tomorrow.", refusal: null },
              finish_reason: "stop",
            },
          ],
          usage,
        },
      },
    },
    stream: {
      text: {
        summary: "message: a piece of the answer",
        value: {
          ...chunk,
          choices: [{ ...choice, delta: { role: "assistant", content: "It arrives " }, finish_reason: null }],
        },
      },
      end: {
        summary: "message: the end of the answer",
        value: { ...chunk, model: "gpt-5-mini", choices: [{ ...choice, delta: {}, finish_reason: "stop" }] },
      },
      usage: {
        summary: "message: the usage, if the request asks for it",
        value: { ...chunk, model: "gpt-5-mini", choices: [], usage },
      },
    },
  },
  openaiModels: { response: { example: { value: { object: "list", data: [model] } } } },
  openaiModel: { response: { example: { value: model } } },
}
