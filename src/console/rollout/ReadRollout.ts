import { call } from "../service/Service.ts"
import type { Document } from "./RolloutDraft.ts"

/** The settings with their validator, which a change sends in `If-Match`. */
export interface Loaded {
  readonly document: Document
  readonly etag: string
}

export const readRollout = async (signal?: AbortSignal): Promise<Loaded> => {
  const { body, headers } = await call<{ readonly data: Document }>("/api/v1/runtime/rollout", { signal })
  return { document: body.data, etag: headers.get("etag") ?? "*" }
}
