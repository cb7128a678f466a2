/** What the old libraries really do, as far as tests need it. Their own types need a browser's. */

/** A response of hono-sessions 0.8.1, in a Hono application, on these records. */
export function honoSessionsApp(
  records: Map<string, unknown>,
  encryptionKey: string,
): (request: Request) => Promise<Response>
export function decryptHono(key: string, value: string): Promise<unknown>

export interface OldData {
  userId?: string
  cart?: string[]
}

/** The Set-Cookie of iron-session 9.0.1 for this data. */
export function ironCookie(data: OldData, password: string): Promise<string>
export function readIron(request: Request, password: string): Promise<OldData>

/** React Router's sessions on KV, as createWorkersKVSessionStorage 8.3.1 makes them. */
export function kvStorage(kv: KVNamespace, secret: string): KvStorage

export interface KvStorage {
  getSession(cookie: string | null): Promise<{
    get(key: string): unknown
    set(key: string, value: unknown): void
  }>
  commitSession(session: object): Promise<string>
}
