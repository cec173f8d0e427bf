/**
 * Writes SQLite's write-ahead log onto itself after a failed sync: the kernel may call pages clean that it could not
 * write, and then a sync has nothing to do. The checksums show that it still has them
 * (https://www.sqlite.org/fileformat2.html#checksum_algorithm).
 */
import * as Fs from "node:fs"

const headerBytes = 32
const frameHeaderBytes = 24
/** The checksums are over words in this order. */
const magicOfLittleEndian = 0x377f0682

/** The number of frames from the start whose checksums hold. `onFrame` is called with the bytes of each. */
export const validFrames = (file: number, onFrame?: (bytes: Buffer, at: number) => void): number => {
  const header = Buffer.alloc(headerBytes)
  if (Fs.readSync(file, header, 0, headerBytes, 0) < headerBytes) return 0
  const isLittleEndian = header.readUInt32BE(0) === magicOfLittleEndian
  const frame = Buffer.alloc(frameHeaderBytes + header.readUInt32BE(8))
  let [first, second] = [header.readUInt32BE(24), header.readUInt32BE(28)]
  onFrame?.(header, 0)
  for (let count = 0; ; count++) {
    const at = headerBytes + count * frame.length
    if (Fs.readSync(file, frame, 0, frame.length, at) < frame.length) return count
    const add = (from: number, to: number): void => {
      for (let word = from; word < to; word += 8) {
        first = (first + wordAt(frame, word, isLittleEndian) + second) >>> 0
        second = (second + wordAt(frame, word + 4, isLittleEndian) + first) >>> 0
      }
    }
    add(0, 8)
    add(frameHeaderBytes, frame.length)
    const isValid =
      frame.compare(header, 16, 24, 8, 16) === 0 &&
      frame.readUInt32BE(16) === first &&
      frame.readUInt32BE(20) === second
    if (!isValid) return count
    onFrame?.(frame, at)
  }
}

const wordAt = (bytes: Buffer, at: number, isLittleEndian: boolean): number =>
  isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)

const saltOf = (file: number): string => {
  const header = Buffer.alloc(headerBytes)
  Fs.readSync(file, header, 0, headerBytes, 0)
  return header.toString("hex", 16, 24)
}

/**
 * Throws if the log has lost frames. `appendFrame` appends one frame, or begins the log anew with one: SQLite continues the
 * checksums that it remembers, so the new frame is valid only if all before it are.
 */
export const repair = (file: number, appendFrame: () => void): void => {
  const saltBefore = saltOf(file)
  const before = validFrames(file)
  appendFrame()
  const expected = saltOf(file) === saltBefore ? before + 1 : 1
  const after = validFrames(file, (bytes, at) => Fs.writeSync(file, bytes, 0, bytes.length, at))
  if (after !== expected)
    throw new Error(
      "the disk has lost parts of the write-ahead log: restart the service to continue without them",
    )
  Fs.fdatasyncSync(file)
}
