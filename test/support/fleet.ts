/**
 * Several real gateways behind one address: a PostgreSQL database and a Redis of their own, the Python runtime, and a
 * round robin in front, as a load balancer without sticky sessions.
 *
 * The round robin asks the next gateway if one refuses the connection or answers 503: both mean that nothing was
 * accepted.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { once } from "node:events"
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { freshDatabase } from "./postgres.ts"
import { type Running, startGateway, startPython, temporaryFolder } from "./processes.ts"
import { type RedisServer, startRedis } from "./redis.ts"

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Undefined if the gateway did not accept the request. */
const ask = (gateway: Running, incoming: IncomingMessage, body: Buffer, answer: ServerResponse) =>
  new Promise<IncomingMessage | undefined>((resolve) => {
    const { headers, method, url } = incoming
    // A new connection each time: a pooled one may close at the moment of its reuse.
    const upstream = request(`${gateway.url}${url}`, { method, headers, agent: false })
    upstream.once("response", (response) => {
      if (response.statusCode !== 503) return resolve(response)
      response.resume()
      response.once("end", () => resolve(undefined))
    })
    upstream.once("error", (error: NodeJS.ErrnoException) => {
      // After a connection the fate of the request is unknown: the client gets the error.
      if (error.code !== "ECONNREFUSED") answer.destroy()
      resolve(undefined)
    })
    answer.once("close", () => upstream.destroy())
    upstream.end(body)
  })

export class Fleet {
  readonly folder = temporaryFolder()
  readonly gateways: Array<Running> = []
  /** Requests that no gateway accepted. */
  refused = 0
  runtime!: Running
  redis!: RedisServer
  env!: Readonly<Record<string, string>>
  #balancer!: Server
  #turn = 0

  get url(): string {
    return `http://127.0.0.1:${(this.#balancer.address() as AddressInfo).port}`
  }

  async start(postgresUrl: string, size: number, env: Readonly<Record<string, string>> = {}): Promise<void> {
    const database = Effect.runPromise(freshDatabase(postgresUrl))
    this.redis = await startRedis()
    this.runtime = await startPython()
    this.env = {
      DATA_DIR: this.folder.path,
      DATABASE_URL: Redacted.value(await database),
      REDIS_URL: this.redis.url,
      CHAT_EXECUTION_MODE: "runtime_orchestrator",
      RUNTIME_SERVICE_URL: this.runtime.url,
      CHAT_RUNTIME_PROBES: "false",
      RATE_LIMIT_USER_PER_MIN: "1000000",
      RATE_LIMIT_ORG_PER_MIN: "1000000",
      MAX_STREAMS_PER_USER: "100000",
      MAX_STREAMS_PER_ORG: "100000",
      ...env,
    }
    await Promise.all(Array.from({ length: size }, () => this.add()))
    this.#balancer = createServer((incoming, answer) => void this.#serve(incoming, answer))
    this.#balancer.listen(0, "127.0.0.1")
    await once(this.#balancer, "listening")
  }

  async add(): Promise<Running> {
    const gateway = await startGateway(this.env)
    this.gateways.push(gateway)
    void gateway.exited.then(() => this.#forget(gateway))
    return gateway
  }

  async stop(): Promise<void> {
    this.#balancer?.closeAllConnections()
    this.#balancer?.close()
    await Promise.all([...this.gateways].map((gateway) => gateway.stop("SIGKILL")))
    await this.runtime?.stop("SIGKILL")
    await this.redis?.stop()
    this.folder.dispose()
  }

  #forget(gateway: Running): void {
    const at = this.gateways.indexOf(gateway)
    if (at >= 0) this.gateways.splice(at, 1)
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const body = await bodyOf(incoming)
    const first = this.#turn++
    const all = [...this.gateways]
    for (let tries = 0; tries < all.length; tries++) {
      const found = await ask(all[(first + tries) % all.length]!, incoming, body, answer)
      if (answer.destroyed) return
      if (found === undefined) continue
      answer.writeHead(found.statusCode ?? 502, found.headers)
      // A gateway that dies in the middle breaks the client's connection too.
      found.once("error", () => answer.destroy())
      found.pipe(answer)
      return
    }
    this.refused += 1
    answer.writeHead(503, { "retry-after": "1" }).end()
  }
}
