import { isDuration } from '../codec/duration.ts'
import { SessionError } from '../errors.ts'
import type { SessionOptions } from './options.ts'

/** The options, with their defaults filled in. */
type Checked = SessionOptions<never>

type Fault = readonly [isWrong: boolean, advice: string]

/** Throws `ERR_OPTION` if an option is invalid. The message says what to write instead. */
export function checkOptions(options: Checked): void {
  const { store, data, use, cookie = {} } = options
  const faults = [
    ...unknownFaults(options),
    ...Object.keys(cookie).map((name): Fault => [
      !COOKIE.includes(name),
      `cookie.${name} is unknown. Known: ${COOKIE.join(', ')}.${/maxAge|expires/i.test(name) ? ' With persistent: true the cookie lives as long as absoluteTimeout.' : ''}`,
    ]),
    [store === undefined, `store is missing, and has no default. ${WRITE_STORE}`] as const,
    [
      typeof store !== 'function' && typeof Object(store).newHandle !== 'function',
      `store is not a session store. ${WRITE_STORE}`,
    ] as const,
    [
      typeof Object(data).codec !== 'string',
      'data is not a codec. Write data: checked(schema) with edge-session/schema, or serialized(devalue) with edge-session/serialize.',
    ] as const,
    ...(Array.isArray(use) ? use : [undefined]).map((feature, index): Fault => [
      typeof Object(feature).feature !== 'string',
      `use[${index}] is not a feature. Write use: [accounts(), renewing({ … }), adopting(tornadoCookie({ … }))].`,
    ]),
    [
      new Set(namesOf(use)).size < namesOf(use).length,
      `use has a feature twice: ${namesOf(use).join(', ')}.`,
    ] as const,
    ...valueFaults(options),
  ]
  const fault = faults.find(([isWrong]) => isWrong)
  if (fault !== undefined) throw new SessionError('ERR_OPTION', fault[1])
}

function namesOf(use: unknown): unknown[] {
  return Array.isArray(use) ? use.map((feature: unknown) => Object(feature).feature as unknown) : []
}

const WRITE_STORE = 'Write store: (env) => durableObjectStore(env.SESSIONS).'
const COOKIE = 'name path domain sameSite secure httpOnly partitioned priority persistent'.split(
  ' ',
)
const KNOWN =
  'secrets store data use idleTimeout absoluteTimeout touchInterval cookie lateWrites storeTimeout onStoreFailure onRefused onEvent now'.split(
    ' ',
  )

/** The replacements of options that were removed. */
const NOW: Readonly<Record<string, string>> = {
  readCache: 'store: cached(store, { maxAgeSeconds }) of edge-session/store/cached',
  schema: 'data: checked(schema) of edge-session/schema',
  migrate: 'data: checked(schema, { migrate }) of edge-session/schema',
  serializer: 'data: serialized(serializer) of edge-session/serialize',
  adopt: 'use: [adopting(…)] of edge-session/adopt',
  users: 'use: [accounts({ index })] of edge-session/accounts',
  sessionLimit: 'use: [accounts({ index, limit })] of edge-session/accounts',
  clearSiteData: 'use: [accounts({ clearSiteData })] of edge-session/accounts',
  renewEvery: 'use: [renewing({ everySeconds })] of edge-session/renew',
  renewGrace: 'use: [renewing({ everySeconds, graceSeconds })] of edge-session/renew',
}

function unknownFaults(options: object): Fault[] {
  return Object.keys(options).map((name) => [
    !KNOWN.includes(name),
    `${name} is not an option. ${Object.hasOwn(NOW, name) ? `Write ${NOW[name]}.` : `Known: ${KNOWN.join(', ')}.`}`,
  ])
}

function valueFaults({
  lateWrites,
  onStoreFailure,
  onRefused,
  storeTimeout,
  ...timeouts
}: Checked): Fault[] {
  return [
    timeoutFault(timeouts),
    [
      !(typeof storeTimeout === 'number' && storeTimeout > 0),
      'storeTimeout must be a number of seconds above 0.',
    ],
    [!['refuse', 'drop'].includes(String(lateWrites)), "lateWrites is 'refuse' or 'drop'."],
    [
      !['refuse', 'anonymous'].includes(String(onStoreFailure)) &&
        typeof onStoreFailure !== 'function',
      "onStoreFailure must be 'refuse', 'anonymous', or a function that returns the response.",
    ],
    [
      onRefused !== undefined && typeof onRefused !== 'function',
      'onRefused must be a function that returns the response.',
    ],
  ]
}

function timeoutFault({
  idleTimeout: idle = 0,
  absoluteTimeout: absolute = 0,
  touchInterval: touch = 0,
}: Omit<Checked, 'secrets' | 'store'>): Fault {
  const areTimes = isDuration(idle) && isDuration(absolute) && Number.isFinite(touch)
  const isInOrder = areTimes && idle <= absolute
  return [
    !(isInOrder && touch >= 0 && touch <= idle / 2),
    `idleTimeout is ${idle}, absoluteTimeout ${absolute}, touchInterval ${touch} seconds. Needed: 0 < idleTimeout <= absoluteTimeout, and touchInterval from 0 to half of idleTimeout, all in seconds, at most a thousand years.`,
  ]
}
