/**
 * A real nginx with the configuration of `docs/deploy`, unchanged but for addresses and paths: in a temporary folder,
 * on loopback and a free port, in the foreground, removed at the end.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "./freePort.ts"
import { type Running, start, temporaryFolder } from "./processes.ts"

/** `text` with `from` replaced by `to`; throws if the configuration no longer has `from`. */
const replaced = (text: string, [from, to]: readonly [string, string]): string => {
  if (!text.includes(from)) throw new Error(`nginx.conf has no ${JSON.stringify(from)}`)
  return text.replaceAll(from, to)
}

/**
 * Starts it before the three `gateways` (`host:port`; one may be listed more than once). `changes` shorten times that
 * a test cannot wait for, such as minutes of silence.
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
    // The tests need few connections; the file's number may exceed this machine's limit.
    ["worker_rlimit_nofile 65536;", ""],
    ["worker_connections 16384;", "worker_connections 512;"],
    ...gateways.map((gateway, index) => [`gateway-${index + 1}:3001`, gateway] as const),
    ...changes,
  ]
  const file = join(folder.path, "nginx.conf")
  writeFileSync(file, here.reduce(replaced, readFileSync("docs/deploy/nginx.conf", "utf8")))
  // One process: a killed test would leave separate workers behind.
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
