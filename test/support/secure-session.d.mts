/** @fastify/secure-session 8.4.0 at work in Fastify, which needs Node: it calls libsodium. */

export type SecureSessionKey = string | Uint8Array

export interface SecureSessionOptions {
  readonly key?: SecureSessionKey | readonly SecureSessionKey[]
  /** At least 32 bytes; the key is derived from it and the salt. */
  readonly secret?: string
  /** 16 bytes. */
  readonly salt?: string | Uint8Array
  readonly sessionName?: string
  readonly cookieName?: string
  /** Seconds. */
  readonly expiry?: number
  readonly cookie?: { readonly path?: string; readonly signed?: boolean }
}

export interface SecureSessionSeen {
  readonly status: number
  /** What the session has; empty where the cookie is refused. */
  readonly data: Record<string, unknown>
  readonly setCookies: string[]
}

/** What the session has for a Cookie header, and the Set-Cookie headers after it was given this data. */
export function useSecureSession(
  options: SecureSessionOptions,
  request?: { readonly data?: object; readonly cookie?: string },
): Promise<SecureSessionSeen>
