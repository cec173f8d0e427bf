/** A proxy in front of a collector that records the form of each export, which the collector does not report. */
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"

export interface Export {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly status: number
}

export const startExportProxy = async (collectorUrl: () => string) => {
  const exports: Array<Export> = []
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { connection: _, host: __, "transfer-encoding": ___, ...headers } = request.headers
      void fetch(`${collectorUrl()}${request.url}`, {
        method: "POST",
        headers: headers as Record<string, string>,
        body: Buffer.concat(chunks),
      }).then(async (answer) => {
        exports.push({ path: request.url ?? "", headers: request.headers, status: answer.status })
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" })
        response.end(Buffer.from(await answer.arrayBuffer()))
      })
    })
  })
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
  const stop = () =>
    new Promise<void>((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, exports, stop }
}
