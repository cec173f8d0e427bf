/** Values that every duration in milliseconds refuses, for any limits. */
export const badMillis = [
  "-1",
  "1.5",
  "x",
  "1e3",
  "0x10",
  "86400001",
  "9".repeat(400),
  "Infinity",
  "NaN",
  "1 000",
  "+5",
]
