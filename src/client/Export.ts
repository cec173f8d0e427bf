/** Reads an export line by line. It throws unless the export is complete. */
import { Connection } from "./Connection.ts"
import type { ExportLine } from "./Contract.ts"
import { connectionLost, CrossfadeError } from "./CrossfadeError.ts"
import type { Transport } from "./Transport.ts"

const lineOf = (text: string): ExportLine => {
  try {
    // The gateway validates the lines with the schema of this type.
    return JSON.parse(text) as ExportLine
  } catch (cause) {
    throw connectionLost("The export has an unreadable line.", cause)
  }
}

/** Not tried again after a failure: the sessions may have changed, so the lines already read would not fit. */
export async function* exportLines(
  transport: Transport,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ExportLine, void, undefined> {
  const connection = new Connection(transport.silenceMs, signal)
  try {
    const call = { method: "GET", path, accept: "application/x-ndjson" } as const
    const { response } = await connection.watch(transport.open(call, connection.signal))
    if (response.body === null) throw new CrossfadeError("UNEXPECTED_RESPONSE", "The response is empty.")
    const reader = response.body.getReader()
    const decoder = new TextDecoder()
    let rest = ""
    for (;;) {
      const { done, value } = await connection.watch(reader.read())
      if (done) throw connectionLost("The export ended before its last line.")
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n")
      rest = lines.pop() ?? ""
      for (const text of lines) {
        const line = lineOf(text)
        if (line.type === "error") throw new CrossfadeError(line.error.code, line.error.message)
        yield line
        if (line.type === "end") return
      }
    }
  } finally {
    connection.close()
  }
}
