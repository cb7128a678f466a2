/** What a device does for one proof, to make it wrong in one way. Each is absent in a right proof. */
export interface Deviation {
  /** Members of the header or payload in place of, or besides, the usual ones; `undefined` leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>
  readonly payload?: Readonly<Record<string, unknown>>
  /** Changes the whole text of the proof. */
  readonly text?: (jws: string) => string | Promise<string>
  /** Signs with another key than the one that the proof names. */
  readonly signer?: CryptoKeyPair
}

type Send = (path: string, init: RequestInit) => Promise<Response>

const ES256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const RS256 = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const
const ALGORITHMS = { ES256, RS256 } as const

/** Makes a key pair as a device has one. */
export async function newDeviceKey(alg: keyof typeof ALGORITHMS = 'ES256'): Promise<CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHMS[alg], true, ['sign', 'verify'])
  return keys as CryptoKeyPair
}

/**
 * A device that binds sessions as Chromium 156 does (W3C: Device Bound Session Credentials), without a browser: it sends
 * what Chromium sends, by `send`, and knows the one session that it has registered.
 */
export class SoftDevice {
  readonly #send: Send
  readonly #alg: keyof typeof ALGORITHMS
  #keys: CryptoKeyPair | undefined
  /** The session identifier and the refresh URL of its instructions. */
  session: { readonly id: string; readonly url: string } | undefined
  /** The next challenge, from the last response that had one. */
  challenge: string | undefined

  constructor(send: Send, alg: keyof typeof ALGORITHMS = 'ES256') {
    this.#send = send
    this.#alg = alg
  }

  async keys(): Promise<CryptoKeyPair> {
    return (this.#keys ??= await newDeviceKey(this.#alg))
  }

  /** Registers, as a response with `Secure-Session-Registration` asks it to. Returns the response of the endpoint. */
  async register(response: Response, deviation: Deviation = {}): Promise<Response> {
    const offer = response.headers.get('Secure-Session-Registration') ?? ''
    const path = /path="([^"]*)"/.exec(offer)?.[1] ?? ''
    const challenge = /challenge="([^"]*)"/.exec(offer)?.[1]
    // Another registration has a key of its own.
    const keys = await newDeviceKey(this.#alg)
    const proof = await this.proof(challenge, deviation, { keys, isRegistration: true })
    const answer = await this.#send(path, {
      method: 'POST',
      headers: { 'Secure-Session-Response': proof },
    })
    await this.#follow(answer, keys)
    return answer
  }

  /** Sends a refresh: with a proof over the challenge that it has, or without one. Returns the response. */
  async refresh(deviation: Deviation = {}): Promise<Response> {
    const { id = '', url = '' } = this.session ?? {}
    const headers: Record<string, string> = { 'Sec-Secure-Session-Id': id }
    if (this.challenge !== undefined) {
      headers['Secure-Session-Response'] = await this.proof(this.challenge, deviation)
    }
    this.challenge = undefined
    const answer = await this.#send(url, { method: 'POST', headers })
    await this.#follow(answer)
    return answer
  }

  /** Refreshes as often as it is asked for another proof, as a browser does. Returns the last response. */
  async refreshed(): Promise<Response> {
    let answer = await this.refresh()
    // oxlint-disable-next-line no-await-in-loop -- each answer has the challenge of the next try
    for (let tries = 1; answer.status === 403 && tries < 5; tries += 1)
      answer = await this.refresh()
    return answer
  }

  /** Returns a proof over a challenge. */
  async proof(
    challenge: string | undefined,
    { header, payload, text = (jws) => jws, signer }: Deviation = {},
    { keys, isRegistration = false }: { keys?: CryptoKeyPair; isRegistration?: boolean } = {},
  ): Promise<string> {
    const own = keys ?? (await this.keys())
    const exported = (await crypto.subtle.exportKey('jwk', own.publicKey)) as JsonWebKey
    const { kty, crv, x, y, n, e } = exported
    const jwk = isRegistration ? { kty, crv, x, y, n, e } : undefined
    const head = { alg: this.#alg, jwk, typ: 'dbsc+jwt', ...header }
    const signed = `${encoded(head)}.${encoded({ jti: challenge, ...payload })}`
    const bytes = new TextEncoder().encode(signed)
    const { privateKey } = signer ?? own
    const algorithm = privateKey.algorithm.name === ES256.name ? ES256 : RS256
    const signature = await crypto.subtle.sign(algorithm, privateKey, bytes)
    return text(`${signed}.${base64url(new Uint8Array(signature))}`)
  }

  async #follow(answer: Response, keys?: CryptoKeyPair): Promise<void> {
    const challenge = answer.headers.get('Secure-Session-Challenge')
    this.challenge = /^"([^"]*)"/.exec(challenge ?? '')?.[1] ?? this.challenge
    if (answer.status !== 200) return
    const instructions: {
      readonly session_identifier: string
      readonly refresh_url?: string
      readonly continue?: boolean
    } = await answer.clone().json()
    if (instructions.continue === false) this.session = undefined
    else {
      const { session_identifier: id, refresh_url: url = '' } = instructions
      this.session = { id, url }
      this.#keys = keys ?? this.#keys
    }
  }
}

function encoded(value: object): string {
  return base64url(new TextEncoder().encode(JSON.stringify(value)))
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCodePoint(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}
