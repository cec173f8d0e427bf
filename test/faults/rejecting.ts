/** Loaded into the gateway's process (`--import`): SIGUSR2 makes an unhandled promise rejection. */
process.on("SIGUSR2", () => {
  void Promise.reject(new Error("forced by a test"))
})
