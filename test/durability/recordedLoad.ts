/** A gateway whose disk is recorded, under turns of several clients, and the promises that they got. */
import { join } from "node:path"
import { type Random, seeded } from "../../src/sandbox/Bytes.ts"
import { Client, type Stream, textOf, tokenFor } from "../support/chatClient.ts"
import { recordDisk } from "../support/disk/recordDisk.ts"
import { type Answer, type Model, providerEnv, startModel } from "../support/modelServer.ts"
import { type Running, startGateway, temporaryFolder } from "../support/processes.ts"
import { upload } from "../support/uploads.ts"
import type { Promised } from "./claims.ts"

/** A log of a few megabytes is checkpointed several times. */
const longestMessage = 20_000

interface Turns {
  readonly workers: number
  /** Of each worker. */
  readonly turns: number
  readonly seed: number
  readonly deletes: boolean
}

export class RecordedLoad {
  readonly folder = temporaryFolder()
  readonly journal: string
  readonly promised: Array<Promised> = []
  model!: Model
  gateway!: Running
  readonly #aside = temporaryFolder()
  readonly #env: Readonly<Record<string, string>>

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.journal = join(this.#aside.path, "journal")
    this.#env = env
  }

  async start(): Promise<void> {
    this.model ??= await startModel()
    this.gateway = await startGateway({
      ...recordDisk(this.folder.path, this.journal, 1000),
      DATA_DIR: this.folder.path,
      CHAT_EXECUTION_MODE: "direct_llm",
      DIRECT_LLM_PROVIDERS: "a",
      ...providerEnv("a", this.model.url),
      ...this.#env,
    })
  }

  async dispose(): Promise<void> {
    await this.gateway?.stop("SIGKILL")
    await this.model?.stop()
    this.folder.dispose()
    this.#aside.dispose()
  }

  /** Returns when all turns of all workers have ended. A deletion checkpoints the log, to wipe the text. */
  async run({ deletes, seed, turns, workers }: Turns): Promise<void> {
    const token = await tokenFor()
    const weights = [5, 2, 1, deletes ? 1 : 0]
    await Promise.all(
      Array.from({ length: workers }, async (_, worker) => {
        const random = seeded(seed + worker)
        const client = new Client(this.gateway.url, token)
        for (let turn = 0; turn < turns; turn++) {
          const name = `${seed} ${worker} ${turn}`
          const sessionId = await this.#turn(client, random, name)
          await this.#change(client, pick(random, weights), sessionId, name)
        }
      }),
    )
  }

  async #turn(client: Client, random: Random, name: string): Promise<string> {
    const message = `${name} é🙂 ${"words ".repeat((random() * longestMessage) / 6)}`
    this.model.answers.push(answer(random))
    const stream = await client.start(message)
    const { runId, sessionId } = stream
    const turn = { kind: "turn" as const, runId, sessionId, message }
    this.promised.push(turn)
    const frames = await readOrCancel(client, stream, random() < 0.1)
    if (frames.at(-1)?.event === "done") {
      this.promised.push({ kind: "answer", runId, sessionId, text: textOf(frames) })
    }
    return sessionId
  }

  async #change(client: Client, change: number, sessionId: string, name: string): Promise<void> {
    const requestId = `change-${name.replaceAll(" ", "-")}`
    const headers = { "x-request-id": requestId }
    const path = `/api/v1/chat/sessions/${sessionId}`
    if (change === 1) {
      const title = `title ${name}`
      const answered = await client.request("PATCH", path, { title }, headers)
      if (answered.ok) this.promised.push({ kind: "title", requestId, sessionId, title })
      await answered.arrayBuffer()
    }
    if (change === 3) {
      const answered = await client.request("DELETE", path, undefined, headers)
      if (answered.ok) this.promised.push({ kind: "deletion", requestId, sessionId })
      await answered.arrayBuffer()
    }
    if (change === 2) {
      const bytes = Buffer.from(`file ${name} `.repeat(200))
      const type = { ...headers, "content-type": "text/plain" }
      const answered = await upload(client, bytes, type, "?filename=a.txt")
      const { data } = (await answered.json()) as { readonly data?: { readonly fileId: string } }
      if (data !== undefined) this.promised.push({ kind: "file", requestId, fileId: data.fileId, bytes })
    }
  }
}

const readOrCancel = async (client: Client, stream: Stream, cancels: boolean) => {
  if (!cancels) return stream.rest()
  await stream.next()
  const cancelled = await client.request("POST", `/api/v1/chat/runs/${stream.runId}/cancel`)
  await cancelled.arrayBuffer()
  return stream.rest()
}

const answer = (random: Random): Answer => {
  const parts = Array.from({ length: 1 + random() * 20 }, (_, part) => `part ${part} ${"x".repeat(500)} `)
  const slowly: Answer = { kind: "text", parts, afterMs: random() * 50 }
  const broken: Answer = { kind: "cut", parts }
  const refused: Answer = { kind: "status", status: 400 }
  return [slowly, broken, refused][pick(random, [8, 1, 1])]!
}

/** An index, with these weights. */
const pick = (random: Random, weights: ReadonlyArray<number>): number => {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0)
  return weights.findIndex((weight) => (left -= weight) < 0)
}
