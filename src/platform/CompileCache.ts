/**
 * Node's compile cache (https://nodejs.org/api/module.html#module-compile-cache), beside the installed packages. A
 * second start reads the compiled code of its modules from there, which takes half the processor time. Node writes the
 * cache as a process ends. A folder that cannot be written changes nothing.
 */
import { enableCompileCache } from "node:module"
import { fileURLToPath } from "node:url"

/** Only modules that are imported afterwards are cached, so a program calls this first and imports the rest itself. */
export const cacheCompiledCode = (): void => {
  enableCompileCache(fileURLToPath(new URL("../../node_modules/.cache/crossfade", import.meta.url)))
}
