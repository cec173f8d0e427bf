/** The sandbox's addresses, if the gateway runs on its sandbox. Public, so it needs no token. */
import { makeStore } from "../kit/Store.ts"

export interface SandboxUrls {
  readonly runtimeUrl: string
  readonly modelUrl: string
}

export const sandboxUrls = makeStore<SandboxUrls | undefined>(undefined)

const read = async (): Promise<void> => {
  const response = await fetch("/api/v1/health/ready")
  const { data } = await response.json()
  sandboxUrls.set(data?.sandbox)
}

// Without an answer the view of the sandbox is not offered.
read().catch(() => undefined)
