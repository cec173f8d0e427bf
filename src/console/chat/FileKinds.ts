/** The kinds of files that an agent takes. Pure. */
import type { AgentView } from "../../api/AgentsApi.ts"
import type { UploadedFile } from "../../client/Contract.ts"

export type Kind = UploadedFile["kind"]
export type Kinds = AgentView["attachments"]

/** The kind before the upload; the gateway decides by the bytes. */
export const kindOf = (mediaType: string): Kind => {
  if (mediaType.startsWith("image/") && mediaType !== "image/svg+xml") return "image"
  return mediaType === "application/pdf" ? "pdf" : "text"
}

/** The kinds that at least one mode takes. */
export const anyOf = ({ direct_llm, runtime_orchestrator }: Kinds): ReadonlyArray<Kind> => [
  ...new Set([...runtime_orchestrator, ...direct_llm]),
]

/** A message goes only to a mode that takes all its files. */
export const fitTogether = (
  { direct_llm, runtime_orchestrator }: Kinds,
  kinds: ReadonlyArray<Kind>,
): boolean => [runtime_orchestrator, direct_llm].some((taken) => kinds.every((kind) => taken.includes(kind)))
