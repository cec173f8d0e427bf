/** Builds the console before the tests if a source is newer than the last build, so that no test sees an old page. */
import { execFileSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"

const built = join("src", "console", "built", "index.html")
/** The console's own sources, and the packages of the gateway that it includes. */
const folders = ["console", "client", "domain"].map((folder) => join("src", folder))

const changedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

export const setup = (): void => {
  const newest = folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
    )
    .filter((path) => !path.includes("built") && statSync(path).isFile())
    .reduce((latest, path) => Math.max(latest, changedAt(path)), 0)
  if (newest > changedAt(built)) execFileSync("npm", ["run", "-s", "build:console"], { stdio: "inherit" })
}
