/** An S3-compatible server: moto, which implements the API of Amazon S3 in memory. It does not verify signatures. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { freePort } from "./freePort.ts"
import { type Running, start } from "./processes.ts"

const bin = resolve(import.meta.dirname, "../../.cache/s3-server/bin")

/** With one empty bucket. */
export const startS3 = async (bucket: string): Promise<Running> => {
  if (!existsSync(bin)) throw new Error("The S3 server is missing: run scripts/setup-tests")
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = await start(
    resolve(bin, "python"),
    [resolve(bin, "moto_server"), "-H", "127.0.0.1", "-p", String(port)],
    { PATH: process.env["PATH"], MOTO_S3_CUSTOM_ENDPOINTS: url },
    (line) => (line.includes("Running on") ? url : undefined),
    60_000,
  )
  const created = await fetch(`${url}/${bucket}`, { method: "PUT" })
  if (!created.ok) throw new Error(`the bucket was not created: ${await created.text()}`)
  return running
}
