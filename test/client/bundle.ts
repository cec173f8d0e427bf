/** Bundles code for browsers, as an application would. */
import { resolve } from "node:path"
import { rolldown } from "rolldown"

interface Options {
  /** Stays an import. */
  readonly external?: ReadonlyArray<string>
  readonly minify?: boolean
  /** The folder from which the imports of the program resolve; by default the top of the repository. */
  readonly folder?: string
}

export const bundle = async (
  source: string,
  { external = [], folder = ".", minify = true }: Options = {},
): Promise<string> => {
  const program = resolve(folder, "program.js")
  const built = await rolldown({
    input: program,
    platform: "browser",
    external: [...external],
    transform: { define: { "process.env.NODE_ENV": '"development"' } },
    plugins: [
      {
        name: "program",
        resolveId: (id) => (id === program ? program : undefined),
        load: (id) => (id === program ? source : undefined),
      },
    ],
  })
  try {
    const { output } = await built.generate({ format: "esm", minify })
    return output[0].code
  } finally {
    await built.close()
  }
}
