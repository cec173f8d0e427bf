import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { dirname, join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { temporaryFolder } from "../support/processes.ts"

const folders: Array<ReturnType<typeof temporaryFolder>> = []
afterEach(() => folders.splice(0).forEach((folder) => folder.dispose()))

const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = temporaryFolder()
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder.path, name)
    Fs.mkdirSync(dirname(path), { recursive: true })
    Fs.writeFileSync(path, text)
  }
  return folder.path
}

const launcher = Fs.readFileSync("bin/crossfade", "utf8")
const printing = "console.log(JSON.stringify([process.env.PORT, process.env.HOST, process.env.DATA_KEY]))"

/** The launcher runs on a Node that says it is `version`. */
const launch = (
  home: string,
  cwd: string,
  { env = {}, version }: { readonly env?: Readonly<Record<string, string>>; readonly version?: string } = {},
) => {
  const pretend = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"${version}"})`
  const options = version === undefined ? [] : [`--import=${pretend}`]
  return spawnSync(process.execPath, [...options, join(home, "bin/crossfade")], {
    cwd,
    env: { PATH: process.env["PATH"], ...env },
    encoding: "utf8",
  })
}

const package_ = { "package.json": '{"type":"module"}', "bin/crossfade": launcher }

describe("the launcher", () => {
  const home = () => folderWith({ ...package_, "dist/cli/main.js": printing })

  it("reads .env in the folder that it starts in", () => {
    const cwd = folderWith({ ".env": 'PORT=4001\nDATA_KEY="a#b"\n' })
    expect(JSON.parse(launch(home(), cwd).stdout)).toEqual(["4001", null, "a#b"])
  })

  it("prefers variables of the process to those of .env", () => {
    const cwd = folderWith({ ".env": "PORT=4001\nHOST=::1\n" })
    expect(JSON.parse(launch(home(), cwd, { env: { PORT: "4002" } }).stdout)).toEqual(["4002", "::1", null])
  })

  it("prints nothing about a missing .env", () => {
    const { stderr, stdout } = launch(home(), folderWith({}))
    expect([JSON.parse(stdout), stderr]).toEqual([[null, null, null], ""])
  })

  it("proposes only a newer Node to users of the package", () => {
    const { status, stderr } = launch(home(), folderWith({}), { version: "20.20.2" })
    expect([status, stderr]).toEqual([
      1,
      "crossfade: needs Node >= 22.19, and this is Node 20.20.2. Install a newer Node.\n",
    ])
  })

  it("proposes npm ci too in a clone", () => {
    const clone = folderWith({ ...package_, "src/cli/main.ts": printing })
    const { stderr } = launch(clone, folderWith({}), { version: "22.18.0" })
    expect(stderr).toContain(`run \`npm ci\` (without --omit=optional) in ${Fs.realpathSync(clone)}`)
  })
})

it("npm start reads .env too", () => {
  const { scripts } = JSON.parse(Fs.readFileSync("package.json", "utf8"))
  expect(scripts.start).toBe("node --env-file-if-exists=.env src/main.ts")
})

it("npx crossfade runs in a clone, and npm builds or installs nothing for it", () => {
  const cache = folderWith({})
  const env = { PATH: process.env["PATH"], HOME: cache, npm_config_cache: cache, npm_config_offline: "true" }
  const { status, stdout } = spawnSync("npx", ["crossfade", "--version"], { env, encoding: "utf8" })
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^crossfade v\d/)])
}, 60_000)
