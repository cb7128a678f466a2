import { SessionError } from '../../errors.ts'

/** The used part of node-redis (`redis` on npm). */
interface NodeRedis {
  sendCommand(command: string[], options?: { readonly abortSignal?: AbortSignal }): Promise<unknown>
}

/** The used part of `ioredis`. */
interface IoRedis {
  call(command: string, ...parameters: string[]): Promise<unknown>
}

/** The used part of `@upstash/redis`, which must be made with `automaticDeserialization: false`. */
interface UpstashRedis {
  evalsha(sha: string, keys: string[], parameters: string[]): Promise<unknown>
  eval(script: string, keys: string[], parameters: string[]): Promise<unknown>
}

/** A client of one of these packages, or an object with the methods of one. */
export type RedisClient = NodeRedis | IoRedis | UpstashRedis

/** A script, and the SHA-1 of its text in hexadecimal, by which the server knows it after the first run. */
export interface Script {
  readonly text: string
  readonly sha: string
}

/** Runs a script for one key. Sends its text only if the server does not know it yet. */
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
  // `ioredis` also has a method `sendCommand`, and its `eval` and `evalsha` take other arguments.
  if ('call' in client) return client.call(command, script, '1', key, ...parameters)
  if ('sendCommand' in client) {
    const words = [command, script, '1', key, ...parameters]
    // Without a connection the client would queue the command and send it once it is connected again, perhaps minutes
    // later.
    return signal === undefined
      ? client.sendCommand(words)
      : client.sendCommand(words, { abortSignal: signal })
  }
  return command === 'EVAL'
    ? client.eval(script, [key], parameters)
    : client.evalsha(script, [key], parameters)
}

/** Throws `ERR_OPTION` if the value is not a client. */
export function checkRedisClient(client: unknown): void {
  const isObject = typeof client === 'object' && client !== null
  if (isObject && ['call', 'sendCommand', 'evalsha'].some((method) => method in client)) return
  throw new SessionError(
    'ERR_OPTION',
    'redisStore needs a client of `redis`, `ioredis` or `@upstash/redis`, or { open, close } to open one for each call.',
  )
}
