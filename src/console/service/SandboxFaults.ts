/** The faults of the sandbox's two servers, read while the gateway runs on its sandbox. They are other origins. */
import { makeStore } from "../kit/Store.ts"
import { sandboxUrls, type SandboxUrls } from "./Readiness.ts"

export const faultNames = [
  "none",
  "down",
  "hang",
  "slow",
  "error-rate",
  "error-text",
  "cut",
  "garbage",
] as const
export type FaultName = (typeof faultNames)[number]

/** `GET /sandbox/faults`. */
export interface Fault {
  readonly fault: FaultName
  readonly rate: number
  readonly afterEvents: number
}

export const servers = ["runtime", "model"] as const
export type Server = (typeof servers)[number]

export type Faults = Readonly<Record<Server, Fault>>

/** Undefined before the first answer, and without a sandbox. */
export const sandboxFaults = makeStore<Faults | undefined>(undefined)

const addressOf = (urls: SandboxUrls, server: Server): string =>
  `${server === "runtime" ? urls.runtimeUrl : urls.modelUrl}/sandbox/faults`

const readOne = async (urls: SandboxUrls, server: Server): Promise<Fault> =>
  (await fetch(addressOf(urls, server))).json()

const readFaults = async (): Promise<void> => {
  const urls = sandboxUrls.get()
  if (urls === undefined) return
  const [runtime, model] = await Promise.all([readOne(urls, "runtime"), readOne(urls, "model")])
  sandboxFaults.set({ runtime, model })
}

/** Fails with the sandbox's own words, which name the field and the allowed values. */
export const setFault = async (server: Server, fault: Partial<Fault>): Promise<void> => {
  const urls = sandboxUrls.get()
  if (urls === undefined) throw new Error("The gateway does not run on its sandbox.")
  const response = await fetch(addressOf(urls, server), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fault),
  })
  const body = await response.json()
  if (!response.ok) throw new Error(body?.error ?? `${response.status}`)
  await readFaults()
}

const pollMs = 10_000

// Another tab or curl may set a fault too. Without an answer the last state stays shown.
const poll = () => void (document.hidden || readFaults().catch(() => undefined))
sandboxUrls.subscribe(poll)
setInterval(poll, pollMs)
