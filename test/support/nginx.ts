/**
 * A real nginx with the configuration of `docs/deploy`, as it is but for addresses and paths: in a temporary folder, on
 * loopback and a free port, in the foreground, gone at the end.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "./freePort.ts"
import { type Running, start, temporaryFolder } from "./processes.ts"

/** `text` with `from` replaced by `to`; a configuration that no longer has `from` is another one than the test means. */
const replaced = (text: string, [from, to]: readonly [string, string]): string => {
  if (!text.includes(from)) throw new Error(`nginx.conf has no ${JSON.stringify(from)}`)
  return text.replaceAll(from, to)
}

/**
 * Before the three `gateways` (`host:port`; the same one may stand there more than once). `changes` are for what a test
 * cannot wait for, such as minutes of silence.
 */
export const startNginx = async (
  gateways: readonly [string, string, string],
  changes: ReadonlyArray<readonly [string, string]> = [],
): Promise<Running & { readonly log: () => string }> => {
  const folder = temporaryFolder()
  const port = await freePort()
  const log = join(folder.path, "access.log")
  const here: ReadonlyArray<readonly [string, string]> = [
    ["/tmp/nginx", join(folder.path, "nginx")],
    // Node's pipes are sockets, which nginx cannot open by a path.
    ["access_log /dev/stdout", `access_log ${log}`],
    ["listen 8080;", `listen 127.0.0.1:${port};`],
    // Few connections are needed here, and as many as in the file may be more than this machine allows.
    ["worker_rlimit_nofile 65536;", ""],
    ["worker_connections 16384;", "worker_connections 512;"],
    ...gateways.map((gateway, index) => [`gateway-${index + 1}:3001`, gateway] as const),
    ...changes,
  ]
  const file = join(folder.path, "nginx.conf")
  writeFileSync(file, here.reduce(replaced, readFileSync("docs/deploy/nginx.conf", "utf8")))
  // One process: with workers of its own, a test that is killed would leave them behind.
  const inForeground = "daemon off; master_process off; error_log stderr notice;"
  const nginx = await start(
    "nginx",
    ["-p", folder.path, "-c", file, "-e", "stderr", "-g", inForeground],
    { PATH: `${process.env["PATH"]}:/usr/sbin` },
    (line) => (line.includes("event method") ? `http://127.0.0.1:${port}` : undefined),
  )
  void nginx.exited.then(folder.dispose)
  return { ...nginx, log: () => readFileSync(log, "utf8") }
}
