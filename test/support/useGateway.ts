/** One gateway for the tests of a file, with a data folder of its own. */
import { afterAll, beforeAll } from "vitest"
import { type Running, startGateway, temporaryFolder } from "./processes.ts"

export const useGateway = (env: Readonly<Record<string, string>> = {}): { readonly url: string } => {
  const folder = temporaryFolder()
  let gateway: Running
  beforeAll(async () => {
    gateway = await startGateway({ DATA_DIR: folder.path, ...env })
  })
  afterAll(async () => {
    await gateway?.stop("SIGKILL")
    folder.dispose()
  })
  return {
    get url() {
      return gateway.url
    },
  }
}
