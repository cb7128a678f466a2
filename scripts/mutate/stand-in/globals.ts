import { scheduler } from 'node:timers/promises'

import { configureGlobal } from 'fast-check'

interface Base64Options {
  readonly alphabet?: 'base64' | 'base64url'
  readonly omitPadding?: boolean
}

// A property that fails with other values is no work of the mutation.
configureGlobal({ seed: 1 })

/* What workerd has and this Node has not. */
Object.assign(globalThis, { scheduler: { wait: (time: number) => scheduler.wait(time) } })

Object.assign(Uint8Array, {
  fromBase64: (text: string, { alphabet = 'base64' }: Base64Options = {}) =>
    new Uint8Array(Buffer.from(text, alphabet)),
  fromHex: (text: string) => new Uint8Array(Buffer.from(text, 'hex')),
})

Object.assign(Uint8Array.prototype, {
  toBase64(this: Uint8Array, { alphabet = 'base64', omitPadding = false }: Base64Options = {}) {
    const text = Buffer.from(this).toString('base64')
    const padded = alphabet === 'base64' ? text : text.replaceAll('+', '-').replaceAll('/', '_')
    return omitPadding ? padded.replaceAll('=', '') : padded
  },
  toHex(this: Uint8Array) {
    return Buffer.from(this).toString('hex')
  },
})
