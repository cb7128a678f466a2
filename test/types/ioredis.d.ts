// `ioredis`, as redis.d.ts has node-redis.

export class Redis {
  constructor(
    url: string,
    options?: { readonly lazyConnect?: boolean; readonly retryStrategy?: () => null },
  )
  call(command: string, ...parameters: string[]): Promise<unknown>
  on(event: 'error', listener: (error: unknown) => void): this
  disconnect(): void
}
