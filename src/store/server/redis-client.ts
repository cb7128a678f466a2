import { SessionError } from '../../errors.ts'

/** Node-redis (`redis` on npm), as far as it is needed. */
interface NodeRedis {
  sendCommand(command: string[], options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>
}

/** `ioredis`. */
interface IoRedis {
  call(command: string, ...parameters: string[]): Promise<unknown>
}

/** `@upstash/redis`, made with `automaticDeserialization: false`. */
interface UpstashRedis {
  evalsha(sha: string, keys: string[], parameters: string[]): Promise<unknown>
  eval(script: string, keys: string[], parameters: string[]): Promise<unknown>
}

/** A client of any of these kinds, or an object with the methods of one. */
export type RedisClient = NodeRedis | IoRedis | UpstashRedis

/** A script, and the SHA-1 of its text in hexadecimal, by which the server knows it once it has had it. */
export interface Script {
  readonly text: string
  readonly sha: string
}

/** Runs a script for one key, and sends its text only if the server does not know it yet. */
export async function runScript(
  client: RedisClient,
  { text, sha }: Script,
  key: readonly [key: string, ...parameters: string[]],
  signal?: AbortSignal,
): Promise<unknown> {
  try {
    return await evaluate(client, ['EVALSHA', sha], key, signal)
  } catch (error) {
    if (!String(error).includes('NOSCRIPT')) throw error
    signal?.throwIfAborted()
    return evaluate(client, ['EVAL', text], key, signal)
  }
}

function evaluate(
  client: RedisClient,
  [command, script]: readonly ['EVALSHA' | 'EVAL', string],
  [key, ...parameters]: readonly [key: string, ...parameters: string[]],
  signal: AbortSignal | undefined,
): Promise<unknown> {
  // `ioredis` has a method `sendCommand` too, and methods `eval` and `evalsha` of another kind.
  if ('call' in client) return client.call(command, script, '1', key, ...parameters)
  if ('sendCommand' in client) {
    const words = [command, script, '1', key, ...parameters]
    // Without a connection the client would send the command as soon as it has one again, minutes later.
    return signal === undefined
      ? client.sendCommand(words)
      : client.sendCommand(words, { abortSignal: signal })
  }
  return command === 'EVAL'
    ? client.eval(script, [key], parameters)
    : client.evalsha(script, [key], parameters)
}

/** Throws `ERR_OPTION` for what is no client. */
export function checkRedisClient(client: unknown): void {
  const isObject = typeof client === 'object' && client !== null
  if (isObject && ['call', 'sendCommand', 'evalsha'].some((method) => method in client)) return
  throw new SessionError(
    'ERR_OPTION',
    'redisStore needs a client of `redis`, `ioredis` or `@upstash/redis`, or { open, close } to make one for each call.',
  )
}
