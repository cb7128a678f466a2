import { SessionError } from '../errors.ts'
import type { SessionOptions } from './options.ts'

/** The options with every default in place. */
export type CompleteOptions = Pick<
  SessionOptions<never>,
  'readCache' | 'renewEvery' | 'sessionLimit' | 'users'
> &
  Required<
    Pick<
      SessionOptions<never>,
      | 'idleTimeout'
      | 'absoluteTimeout'
      | 'touchInterval'
      | 'lateWrites'
      | 'renewGrace'
      | 'storeTimeout'
      | 'onStoreFailure'
    >
  >

/** Throws `ERR_OPTION` for what can't work, saying what can. */
export function checkOptions(options: CompleteOptions): void {
  const fault = [...timeoutFaults(options), ...accountFaults(options)].find(([isWrong]) => isWrong)
  if (fault !== undefined) throw new SessionError('ERR_OPTION', fault[1])
}

function isDuration(seconds: unknown): boolean {
  return Number.isFinite(seconds) && Number(seconds) > 0
}

type Fault = readonly [isWrong: boolean, advice: string]

function timeoutFaults({
  idleTimeout: idle,
  absoluteTimeout: absolute,
  touchInterval: touch,
  lateWrites,
  storeTimeout,
  onStoreFailure,
  readCache,
}: CompleteOptions): Fault[] {
  const isInOrder = idle > 0 && idle <= absolute && absolute < Infinity
  const isPolicy = ['refuse', 'anonymous'].includes(String(onStoreFailure))
  return [
    [
      !(isInOrder && touch >= 0 && touch <= idle / 2),
      `idleTimeout is ${idle}, absoluteTimeout ${absolute}, touchInterval ${touch} seconds. Needed: 0 < idleTimeout <= absoluteTimeout, and a touchInterval from 0 to half of idleTimeout.`,
    ],
    [!['refuse', 'drop'].includes(lateWrites), "lateWrites is 'refuse' or 'drop'."],
    [!(storeTimeout > 0), 'storeTimeout is a number of seconds above 0.'],
    [
      readCache !== undefined && !isDuration(readCache?.maxAgeSeconds),
      'readCache is { maxAgeSeconds }, a number of seconds above 0.',
    ],
    [
      !isPolicy && typeof onStoreFailure !== 'function',
      "onStoreFailure is 'refuse', 'anonymous', or a function that makes the response.",
    ],
  ]
}

function accountFaults({ renewEvery, renewGrace, sessionLimit, users }: CompleteOptions): Fault[] {
  const { max = 1, whenFull = 'refuse' } = sessionLimit ?? {}
  const isLimit = Number.isInteger(max) && max >= 1 && ['refuse', 'end-oldest'].includes(whenFull)
  return [
    [
      !((renewEvery ?? 1) > 0 && renewGrace >= 0),
      'renewEvery is a number of seconds above 0, and renewGrace one of 0 or more.',
    ],
    [!isLimit, "sessionLimit is { max, whenFull }: 1 or more, and 'refuse' or 'end-oldest'."],
    [
      sessionLimit !== undefined && users === undefined,
      'sessionLimit needs users: (env) => userIndex(env.USERS).',
    ],
  ]
}

/** Throws `ERR_OPTION` for what follows no Standard Schema, and for a migration to nowhere. */
export function checkSchema(schema: unknown, migrate: unknown): void {
  const standard = Object(schema ?? {})['~standard']
  if (schema !== undefined && typeof standard?.validate !== 'function') {
    throw new SessionError(
      'ERR_OPTION',
      'schema is no Standard Schema. Give one of zod (3.24 or later), valibot, arktype or another library that follows it.',
    )
  }
  if (migrate !== undefined && (schema === undefined || typeof migrate !== 'function')) {
    throw new SessionError('ERR_OPTION', 'migrate is a function, and needs a schema.')
  }
}
