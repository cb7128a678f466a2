// Node-redis, as far as a Worker is shown with it here: its own types ask for Node's, which clash with those of Workers.
// test/long/redis.test.ts compiles against the real ones.

export interface RedisClientType {
  connect(): Promise<RedisClientType>
  sendCommand(command: string[]): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): unknown
  destroy(): void
}

export function createClient(options: {
  readonly url: string
  readonly socket?: { readonly reconnectStrategy?: false }
}): RedisClientType
