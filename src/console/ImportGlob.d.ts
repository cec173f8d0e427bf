/** Vite replaces the call by an import of each file that matches. */
interface ImportMeta {
  glob: <Module>(patterns: ReadonlyArray<string>) => Readonly<Record<string, () => Promise<Module>>>
}
