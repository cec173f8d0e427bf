/** Node 22 prints an experimental warning when it first loads the module; 24.21 no longer does. */
export const loadSqlite = () => {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was, and never called from here
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule("node:sqlite")
  } finally {
    process.emitWarning = emitWarning
  }
}
