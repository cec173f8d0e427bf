/**
 * Executes a Dockerfile without Docker: every stage is a folder, `COPY` copies, `RUN` runs there on this machine's
 * system. It checks that the image's files are sufficient; it cannot check base images and layers.
 *
 * It supports the instructions that `docs/deploy/Dockerfile` uses and throws at any other.
 */
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"

export interface Image {
  /** `/` of the image. */
  readonly root: string
  /** A path of the image. */
  workdir: string
  readonly env: Record<string, string>
  user: string
  readonly ports: Array<string>
  entrypoint: ReadonlyArray<string>
  command: ReadonlyArray<string>
  healthcheck: ReadonlyArray<string>
  stopSignal: string
}

interface Instruction {
  readonly name: string
  readonly rest: string
}

export const instructions = (text: string): ReadonlyArray<Instruction> =>
  text
    .replace(/^\s*#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => /^(\w+)\s+(.*)$/.exec(line))
    .map((found) => ({ name: found?.[1] ?? "", rest: found?.[2]?.trim() ?? "" }))

/** This machine's environment, without the variables that a test sets for itself. */
const buildEnv = () => {
  const { NODE_ENV: _mode, NODE_OPTIONS: _options, ...env } = process.env
  const path = `${Path.dirname(process.execPath)}:${env["PATH"]}`
  return { ...env, PATH: path, npm_config_prefer_offline: "true" }
}

const isRoot = process.getuid?.() === 0

/** The names that the ignore file beside the Dockerfile includes: it begins with `*`, then has one `!name` a line. */
const contextOf = (dockerfile: string): ReadonlySet<string> => {
  const [everything, ...names] = Fs.readFileSync(`${dockerfile}.dockerignore`, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
  if (everything !== "*" || !names.every((name) => /^![\w.-]+$/.test(name)))
    throw new Error("no list of what is let in")
  return new Set(names.map((name) => name.slice(1)))
}

class Build {
  readonly #stages = new Map<string, Image>()
  readonly #folder: string
  readonly #context: ReadonlySet<string>
  image!: Image

  constructor(dockerfile: string, folder: string) {
    this.#context = contextOf(dockerfile)
    this.#folder = folder
  }

  carryOut({ name, rest }: Instruction): void {
    const words = rest.split(/\s+/)
    switch (name) {
      case "ARG":
        return
      case "FROM":
        return this.#from(words[2])
      case "WORKDIR":
        this.image.workdir = rest
        Fs.mkdirSync(this.#path(rest), { recursive: true })
        return
      case "ENV":
        for (const word of words) this.image.env[word.split("=")[0] ?? ""] = word.split("=")[1] ?? ""
        return
      case "COPY":
        return this.#copy(words)
      case "RUN":
        execFileSync("/bin/sh", ["-ec", rest], { cwd: this.#path("."), env: buildEnv(), stdio: "pipe" })
        return
      case "USER":
        this.image.user = rest
        return
      case "EXPOSE":
        this.image.ports.push(...words)
        return
      case "STOPSIGNAL":
        this.image.stopSignal = rest
        return
      case "HEALTHCHECK":
        this.image.healthcheck = JSON.parse(rest.slice(rest.indexOf("[")))
        return
      case "ENTRYPOINT":
        this.image.entrypoint = JSON.parse(rest)
        return
      case "CMD":
        this.image.command = JSON.parse(rest)
        return
      default:
        throw new Error(`the Dockerfile has an instruction that is not known here: ${name}`)
    }
  }

  #from(name = "last"): void {
    const root = Path.join(this.#folder, name)
    Fs.mkdirSync(root)
    this.image = {
      root,
      workdir: "/",
      env: {},
      user: "0:0",
      ports: [],
      entrypoint: [],
      command: [],
      healthcheck: [],
      stopSignal: "SIGTERM",
    }
    this.#stages.set(name, this.image)
  }

  #path(path: string): string {
    return Path.join(this.image.root, Path.resolve(this.image.workdir, path))
  }

  #copy(words: ReadonlyArray<string>): void {
    const flag = (name: string) => words.find((word) => word.startsWith(`--${name}=`))?.split("=")[1]
    const paths = words.filter((word) => !word.startsWith("--"))
    const to = paths.at(-1) ?? ""
    for (const path of paths.slice(0, -1)) {
      const target = this.#path(to.endsWith("/") ? Path.join(to, Path.basename(path)) : to)
      // Stages share files by links: they are removed together, and have about 100 MB.
      execFileSync("cp", [
        flag("from") === undefined ? "-a" : "-al",
        this.#source(path, flag("from")),
        target,
      ])
      const owner = flag("chown")
      if (isRoot) execFileSync("chown", ["-R", owner ?? "0:0", target])
    }
  }

  #source(path: string, from: string | undefined): string {
    if (from !== undefined) return Path.join(this.#stages.get(from)?.root ?? "no such stage", path)
    if (!this.#context.has(path)) throw new Error(`${path} is not let into the build`)
    return Path.resolve(path)
  }
}

/** Builds the last stage below `folder` from the repository. */
export const build = (dockerfile: string, folder: string): Image => {
  const building = new Build(dockerfile, folder)
  for (const instruction of instructions(Fs.readFileSync(dockerfile, "utf8"))) building.carryOut(instruction)
  return building.image
}

/**
 * The command line and environment of a process in the image: as its user (if root may change it), without
 * privileges, the tree read-only but for `writable`, paths and `node` as on this machine.
 */
export const inside = (image: Image, argv: ReadonlyArray<string>, node: string) => {
  const [uid, gid] = image.user.split(":") as [string, string]
  const user = isRoot ? ["--reuid", uid, "--regid", gid, "--clear-groups", "--bounding-set", "-all"] : []
  const cwd = Path.join(image.root, image.workdir)
  const env = {
    ...image.env,
    PATH: Path.dirname(node),
    DATA_DIR: Path.join(image.root, image.env["DATA_DIR"] ?? ""),
  }
  return {
    command: "/usr/bin/env",
    args: ["-C", cwd, "/usr/bin/setpriv", "--no-new-privs", ...user, ...argv],
    env,
  }
}
