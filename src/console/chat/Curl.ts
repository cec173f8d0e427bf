/** Requests as commands of a POSIX shell. The token stays a variable, so that a copied command has no secret. Pure. */

/** In single quotes nothing has a meaning but a single quote. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const authorization = `-H "Authorization: Bearer $CROSSFADE_TOKEN"`

export const eventsCurl = (origin: string, runId: string): string =>
  `curl -N ${quoted(`${origin}/api/v1/chat/runs/${runId}/events`)} ${authorization}`

interface Asked {
  readonly origin: string
  readonly agentId: string
  /** Undefined for the first message of a session. */
  readonly sessionId: string | undefined
  readonly message: string
  readonly fileIds: ReadonlyArray<string>
}

export const turnCurl = ({ agentId, fileIds, message, origin, sessionId }: Asked): string => {
  const body = {
    ...(sessionId === undefined ? { agentId } : {}),
    ...(message === "" ? {} : { message }),
    ...(fileIds.length === 0 ? {} : { attachments: fileIds.map((fileId) => ({ fileId })) }),
  }
  const path = sessionId === undefined ? "start" : `sessions/${sessionId}`
  return [
    `curl -N ${quoted(`${origin}/api/v1/chat/${path}`)} ${authorization}`,
    `-H 'Content-Type: application/json'`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(" \\\n  ")
}
