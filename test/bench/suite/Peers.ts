/**
 * Other gateways, before the same model: LiteLLM's proxy and Portkey's gateway, installed by `scripts/setup-peers`,
 * each with a worker for each core. A missing one is left out and reported.
 */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { freePort } from "../../support/freePort.ts"
import { type Running, start } from "../../support/processes.ts"
import type { Order } from "./load.ts"
import { cpuMs, tree } from "./Measures.ts"

const cache = resolve(import.meta.dirname, "../../../.cache/peers")

export interface Peer {
  readonly name: string
  readonly running: Running
  readonly order: Pick<Order, "path" | "headers">
  /** The number of turns of about a second. */
  readonly turns: number
}

const chat = (message: string) => ({
  model: "m",
  stream: true,
  messages: [{ role: "user", content: message }],
})
export const peerBody = chat

/** Ready when `path` answers and its workers have loaded: they use no processor any more. */
const startPeer = async (
  port: number,
  path: string,
  command: ReadonlyArray<string>,
  env: Readonly<Record<string, string>>,
): Promise<Running> => {
  const url = `http://127.0.0.1:${port}`
  const running = await start(
    process.execPath,
    [join(import.meta.dirname, "untilUp.ts"), `${url}${path}`, ...command],
    { PATH: process.env["PATH"], ...env },
    (line) => (line.endsWith("up") ? url : undefined),
    180_000,
  )
  const stopTree = () => {
    for (const pid of tree(running.pid).toReversed()) process.kill(pid, "SIGKILL")
  }
  process.once("exit", stopTree)
  for (let used = Number.POSITIVE_INFINITY; used > 100;) {
    const before = cpuMs(running.pid)
    await sleep(1000)
    used = cpuMs(running.pid) - before
  }
  const stop = async () => {
    process.off("exit", stopTree)
    stopTree()
    await running.exited
  }
  return { ...running, stop }
}

const cores = availableParallelism()

/** As its checklist for production says, without a database; uvicorn with uvloop is its default. */
const liteLlm = async (upstreams: string): Promise<Peer> => {
  const port = await freePort()
  const config = join(mkdtempSync(join(tmpdir(), "litellm-")), "config.yaml")
  const model = { model: "openai/m", api_base: `${upstreams}/v1`, api_key: "sk-not-a-key" }
  // JSON is YAML.
  const settings = {
    model_list: [{ model_name: "m", litellm_params: model }],
    litellm_settings: { set_verbose: false, request_timeout: 600 },
  }
  writeFileSync(config, JSON.stringify(settings))
  const command = [
    ...[
      join(cache, "litellm/bin/litellm"),
      "--config",
      config,
      "--port",
      String(port),
      "--host",
      "127.0.0.1",
    ],
    ...["--num_workers", String(cores)],
    // A worker's start on a busy machine takes longer than the 5 s after which uvicorn replaces it.
    ...["--timeout_worker_healthcheck", "120"],
  ]
  const running = await startPeer(port, "/health/liveliness", command, {
    HOME: tmpdir(),
    LITELLM_MODE: "PRODUCTION",
    LITELLM_LOG: "ERROR",
    LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY: "true",
    LITELLM_LOCAL_MODEL_COST_MAP: "True",
  })
  return {
    name: "LiteLLM",
    running,
    turns: 60,
    order: { path: "/v1/chat/completions", headers: { authorization: "Bearer x" } },
  }
}

/** Its guide for Node.js runs it with a worker for each core. */
const portkey = async (upstreams: string): Promise<Peer> => {
  const port = await freePort()
  const server = join(cache, "portkey/node_modules/@portkey-ai/gateway/build/start-server.js")
  const cluster = [process.execPath, join(import.meta.dirname, "cluster.ts"), String(cores), server]
  const running = await startPeer(port, "/", [...cluster, `--port=${port}`, "--headless"], {
    NODE_ENV: "production",
    TRUSTED_CUSTOM_HOSTS: "127.0.0.1",
  })
  const headers = {
    authorization: "Bearer sk-not-a-key",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${upstreams}/v1`,
  }
  return { name: "Portkey", running, turns: 300, order: { path: "/v1/chat/completions", headers } }
}

const known = [
  { name: "LiteLLM", file: "litellm/bin/litellm", begin: liteLlm },
  { name: "Portkey", file: "portkey/node_modules/@portkey-ai/gateway/build/start-server.js", begin: portkey },
]

/** The installed ones that start; the others are reported with the reason. */
export const startPeers = async (upstreams: string): Promise<ReadonlyArray<Peer>> => {
  const peers: Array<Peer> = []
  for (const { begin, file, name } of known) {
    if (!existsSync(join(cache, file))) {
      console.error(`!!! ${name} IS LEFT OUT: it is not installed (scripts/setup-peers).`)
      continue
    }
    try {
      peers.push(await begin(upstreams))
    } catch (error) {
      console.error(`!!! ${name} IS LEFT OUT: it did not start: ${String(error).slice(0, 400)}`)
    }
  }
  console.error("!!! Bifrost IS LEFT OUT: no package registry has its binary (see scripts/setup-peers).")
  return peers
}
