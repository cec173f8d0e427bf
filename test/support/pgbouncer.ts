/**
 * A real PgBouncer with its package's configuration, but for addresses, names and a pool that turns must share: in a
 * temporary folder, on loopback and a free port, in the foreground, removed at the end.
 */
import { chownSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { freePort } from "./freePort.ts"
import type { Server } from "./postgres.ts"
import { serverUser } from "./postgres.ts"
import { type Running, start, temporaryFolder } from "./processes.ts"

export const startPgBouncer = async (
  postgres: Server,
  mode: "session" | "transaction",
  changes: ReadonlyArray<string> = [],
): Promise<Running> => {
  const folder = temporaryFolder()
  const port = await freePort()
  const file = join(folder.path, "pgbouncer.ini")
  const settings = [
    "[databases]",
    `* = host=127.0.0.1 port=${postgres.port} user=crossfade`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    `pool_mode = ${mode}`,
    ...changes,
  ]
  writeFileSync(file, settings.join("\n"))
  // It refuses to run as root.
  const owner = serverUser()
  if (owner !== undefined) for (const one of [folder.path, file]) chownSync(one, owner.uid, owner.gid)
  const bouncer = await start(
    "pgbouncer",
    owner === undefined ? [file] : ["--user", "postgres", file],
    { PATH: `${process.env["PATH"]}:/usr/sbin` },
    (line) => (line.includes("process up") ? `postgres://crossfade@127.0.0.1:${port}` : undefined),
  )
  void bouncer.exited.then(folder.dispose)
  return bouncer
}
