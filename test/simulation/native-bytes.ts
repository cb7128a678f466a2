const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const CODES = Uint8Array.from(DIGITS, (digit) => digit.charCodeAt(0))
const VALUES = new Uint8Array(128)
for (const [value, code] of CODES.entries()) VALUES[code] = value
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * Gives this thread what workerd has and Node 24 lacks (ECMAScript 2026: Uint8Array to and from base64). The simulation
 * would spend a tenth of its time on the library's own fallback, which is tested elsewhere. Texts are base64url without
 * padding, the only kind that the library asks for, and short: for those, this is faster than `Buffer`.
 */
export function addNativeBytes(): void {
  if ('toBase64' in Uint8Array.prototype) return
  const methods = {
    toBase64(this: Uint8Array) {
      return base64Of(this)
    },
    toHex(this: Uint8Array) {
      let text = ''
      for (let index = 0; index < this.length; index += 1) text += HEX[this[index] ?? 0] ?? ''
      return text
    },
  }
  Object.assign(Uint8Array.prototype, methods)
  Object.assign(Uint8Array, {
    fromBase64: bytesOf,
    fromHex: (text: string) => new Uint8Array(Buffer.from(text, 'hex')),
  })
}

function base64Of(bytes: Uint8Array): string {
  const codes: number[] = []
  let [bits, count] = [0, 0]
  for (let index = 0; index < bytes.length; index += 1) {
    bits = ((bits << 8) | (bytes[index] ?? 0)) & 0xff_ffff
    for (count += 8; count >= 6; count -= 6) codes.push(CODES[(bits >> (count - 6)) & 63] ?? 0)
  }
  if (count > 0) codes.push(CODES[(bits << (6 - count)) & 63] ?? 0)
  return String.fromCharCode(...codes)
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length * 3) >> 2)
  let [bits, count, place] = [0, 0, 0]
  for (let index = 0; index < text.length; index += 1) {
    bits = ((bits << 6) | (VALUES[text.charCodeAt(index) & 127] ?? 0)) & 0xff_ffff
    count += 6
    if (count < 8) continue
    count -= 8
    bytes[place] = (bits >> count) & 255
    place += 1
  }
  return bytes
}
