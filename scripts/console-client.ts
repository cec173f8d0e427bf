/**
 * Prints the built client package for the console: `node scripts/console-client.ts > src/console/client.js`. A test compares
 * the file with this output, because the gateway runs from its sources without a build.
 */
import { rolldown } from "rolldown"

export const consoleClient = async (): Promise<string> => {
  const built = await rolldown({ input: "src/client/Entry.ts", platform: "browser" })
  try {
    const { output } = await built.generate({
      format: "iife",
      name: "Crossfade",
      minify: true,
      comments: false,
    })
    return `// Printed by scripts/console-client.ts; do not edit.\n${output[0].code.trim()}\n`
  } finally {
    await built.close()
  }
}

if (import.meta.main) process.stdout.write(await consoleClient())
