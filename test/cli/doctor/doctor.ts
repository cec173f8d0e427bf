/** Runs `crossfade doctor` as a process in a folder of its own. */
import * as Fs from "node:fs"
import { afterAll } from "vitest"
import type { Finding } from "../../../src/cli/doctor/Finding.ts"
import { temporaryFolder } from "../../support/processes.ts"
import { crossfade } from "../commandLine.ts"

const folders: Array<ReturnType<typeof temporaryFolder>> = []
afterAll(() => folders.forEach((one) => one.dispose()))

export const folder = (): string => {
  const made = temporaryFolder()
  folders.push(made)
  return Fs.realpathSync(made.path)
}

interface Report {
  readonly ok: boolean
  readonly checks: ReadonlyArray<Finding>
}

export const doctor = async (
  env: Readonly<Record<string, string>>,
  {
    args = ["--json"],
    cwd = folder(),
  }: { readonly args?: ReadonlyArray<string>; readonly cwd?: string } = {},
) => {
  const { code, error, out } = await crossfade(["doctor", ...args], { env: { PORT: "0", ...env }, cwd })
  const report: Report | undefined = args.includes("--json") ? JSON.parse(out) : undefined
  const of = (check: string) => report?.checks.filter((finding) => finding.check === check) ?? []
  const statusOf = (check: string) => of(check).map(({ status }) => status)
  return { code, output: out + error, report, of, statusOf, cwd }
}

export const provider = (name: string, url: string, key = "") => ({
  [`DIRECT_LLM_${name}_KIND`]: "openai-compatible",
  [`DIRECT_LLM_${name}_BASE_URL`]: `${url}/v1`,
  [`DIRECT_LLM_${name}_MODEL`]: "a-model",
  ...(key === "" ? {} : { [`DIRECT_LLM_${name}_API_KEY`]: key }),
})
