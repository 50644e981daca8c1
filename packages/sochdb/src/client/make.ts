/** Values that the client makes for columns that an insert leaves out: keys that sort by time, and keys that tell nothing. */
import { createHash, randomBytes, randomFillSync } from 'node:crypto'

/** Crockford's base 32: no I, L, O, U. */
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const ULID_RANDOM_BYTES = 10

let ulidMs = 0
const ulidRandom = new Uint8Array(ULID_RANDOM_BYTES)

/**
 * A ULID: 48 bits of milliseconds, 80 random ones. Those of one process and one millisecond count up, so that they sort as they
 * were made; a clock that goes back does not take the order back.
 */
export function ulid(nowMs: number = Date.now()): string {
  if (nowMs > ulidMs) {
    ulidMs = nowMs
    randomFillSync(ulidRandom)
    // Room to count in.
    ulidRandom[0]! &= 0x7f
  } else countUp(ulidRandom)
  let text = ''
  for (let rest = ulidMs, i = 0; i < 10; i++) {
    text = CROCKFORD[rest % 32]! + text
    rest = Math.floor(rest / 32)
  }
  return text + base32(ulidRandom)
}

function countUp(bytes: Uint8Array): void {
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i]! += 1
    if (bytes[i] !== 0) return
  }
}

/** Five bytes are eight characters. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      text += CROCKFORD[(value >>> bits) & 31]!
    }
    value &= (1 << bits) - 1
  }
  return text
}

const CUID_LENGTH = 24
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

/** Differs between processes. */
const fingerprint = randomBytes(16).toString('hex')
let count = randomBytes(4).readUInt32LE()

/**
 * A CUID2: a letter and 23 characters of base 36, out of a hash of the time, a counter, fresh random bytes and the process's own.
 * It tells nothing of when and where it was made, and does not sort.
 */
export function cuid2(): string {
  count = (count + 1) >>> 0
  const fresh = randomBytes(32)
  const letter = LETTERS[fresh[0]! % LETTERS.length]!
  const parts = `${Date.now().toString(36)}${fresh.toString('hex')}${count.toString(36)}${fingerprint}`
  const digest = createHash('sha3-512').update(parts).digest('hex')
  // The first characters of so long a number are not evenly spread.
  return letter + BigInt(`0x${digest}`).toString(36).slice(1, CUID_LENGTH)
}
