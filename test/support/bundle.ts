/** Bundles a page for Chromium, as the build of an app does. */
import { rolldown } from "rolldown"

/** One script that is safe in a script element. `define` replaces expressions, such as variables of the environment. */
export const bundled = async (
  input: string,
  define: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const bundle = await rolldown({
    input,
    platform: "browser",
    transform: { define: { "process.env.NODE_ENV": '"production"', ...define } },
    onLog: () => {},
  })
  const { output } = await bundle.generate({ format: "esm", codeSplitting: false })
  await bundle.close()
  // The bundle must not end the script element.
  return output[0].code.replaceAll("</script", "<\\/script")
}
