/**
 * Gives this thread what workerd has and Node 24 lacks (ECMAScript 2026: Uint8Array to and from base64). The simulation
 * would spend a tenth of its time on the library's own fallback, which is tested elsewhere. Texts are base64url without
 * padding, the only kind that the library asks for.
 */
export function addNativeBytes(): void {
  if ('toBase64' in Uint8Array.prototype) return
  const methods = {
    toBase64(this: Uint8Array) {
      return bufferOf(this).toString('base64url')
    },
    toHex(this: Uint8Array) {
      return bufferOf(this).toString('hex')
    },
  }
  Object.assign(Uint8Array.prototype, methods)
  Object.assign(Uint8Array, {
    fromBase64: (text: string) => new Uint8Array(Buffer.from(text, 'base64url')),
    fromHex: (text: string) => new Uint8Array(Buffer.from(text, 'hex')),
  })
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
