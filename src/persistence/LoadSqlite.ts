/** Node 22 calls the module experimental on stderr when it is first loaded, at every start; 24.21 no longer does. */
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
