/** Loaded into the gateway's process (`--import`): at SIGUSR2 a promise fails that nobody waits for. */
process.on("SIGUSR2", () => {
  void Promise.reject(new Error("forced by a test"))
})
