import type { Circumstances, Inspection, StoreKind } from './inspection.ts'

const STORES: Record<StoreKind, string> = {
  'durable-object': 'a Durable Object',
  kv: 'Workers KV',
  memory: 'memory, or another store with handles of this length',
  unknown: 'another kind',
}

/** Returns the inspection for people. It includes neither the rotating secret nor the signature. */
export function inspectionText(value: string, seen: Inspection, given: Circumstances): string {
  const rows = [
    ['cookie', given.name],
    ...contentRows(seen, given.now),
    ['verdict', verdictText(value, seen, given)],
  ]
  const notes = notesOf(seen, given)
  return [...rows.map(([label = '', text = '']) => label.padEnd(16) + text), '', ...notes]
    .join('\n')
    .trimEnd()
}

function contentRows(seen: Inspection, now: number): string[][] {
  const { content, sessionId, idleUntil, absoluteUntil } = seen
  if (content === undefined) return []
  const { form, keyId, token } = content
  const bookmark = token.bookmark === undefined ? '' : `, bookmark ${token.bookmark}`
  return [
    ['form', `${form}${bookmark}`],
    ['store', `${STORES[seen.store]}, by its handle of ${token.handle.length} characters`],
    ['handle', token.handle],
    ['session id', sessionId ?? ''],
    [
      'key id',
      keyId +
        (seen.secret === undefined
          ? ''
          : `, of ${seen.secret}${seen.isNewestSecret ? '' : ' (not the newest)'}`),
    ],
    ['signature', signatureText(seen)],
    ['created', timeText(token.createdAt, now)],
    ['last use', timeText(token.usedAt, now)],
    ['idle until', untilText(idleUntil, now)],
    ['absolute until', untilText(absoluteUntil, now)],
  ]
}

/** Says if the signature was verified: only then the token's times count. */
export function signatureOf({ verdict }: Inspection): 'valid' | 'wrong' | 'not checked' {
  if (verdict === 'accepted') return 'valid'
  if (verdict === 'unchecked') return 'not checked'
  if (verdict.type === 'expired') return 'valid'
  return verdict.reason === 'forged' ? 'wrong' : 'not checked'
}

function signatureText(seen: Inspection): string {
  const signature = signatureOf(seen)
  return signature === 'valid' ? signature : `${signature}: anyone may have written this`
}

function verdictText(value: string, seen: Inspection, given: Circumstances): string {
  const { verdict } = seen
  if (verdict === 'accepted') return 'accepted, unless the store refuses it'
  if (verdict === 'unchecked') return 'not checked: no secret was given'
  const advice = adviceFor(value, seen, given)
  if (verdict.type === 'expired') return `expired (${verdict.timeout}). ${advice}`
  return `refused (${verdict.reason}). ${advice}`
}

/** Returns why it is refused, and what to check. */
export function adviceFor(value: string, seen: Inspection, given: Circumstances): string {
  const { verdict } = seen
  if (verdict === 'unchecked') {
    return 'Set the secret: SESSION_SECRET in the environment or in .dev.vars, or --secret-file FILE.'
  }
  if (verdict === 'accepted') return 'The store may still refuse it: ended, rotated.'
  if (verdict.type === 'expired') return 'The visitor counts as new, without a store call.'
  if (verdict.reason === 'malformed') return malformation(value)
  if (verdict.reason === 'unknown-key') {
    const keys = seen.knownKeys.map(({ id, source }) => `${id} (${source})`).join(', ')
    return `None of these secrets signed it: ${keys}. It was signed with an earlier secret, or by another deployment.`
  }
  return `It was changed, or signed for a cookie other than ${given.name} (--name).`
}

/** Returns the first fault of the format. */
function malformation(value: string): string {
  const parts = value.split('.')
  const [version = '', keyId = '', body = '', mac = ''] = parts
  const faults: [boolean, string][] = [
    [value === '', 'It is empty: the cookie was cleared.'],
    [value.includes('%'), 'It is percent-encoded, which a token never is.'],
    [/^".*"$/.test(value), 'It is in quotes, which a token never is.'],
    [/[^\w.-]/.test(value), 'It has characters that a token never has.'],
    [
      !['1', '2'].includes(version),
      'It does not begin with 1. or 2., so it is not an edge-session token.',
    ],
    [parts.length < 4, `It has ${parts.length} of the four parts: it was cut off.`],
    [parts.length > 4, 'It has more than four parts.'],
    [keyId.length !== 4, 'Its key id does not have four characters.'],
    [mac.length < 43, `Its signature has ${mac.length} of 43 characters: it was cut off.`],
    [mac.length > 43, 'Something was added at its end.'],
  ]
  const fault = faults.find(([isWrong]) => isWrong)
  return fault?.[1] ?? `Its body has ${body.length} characters, too few or too many.`
}

function notesOf(seen: Inspection, { now }: Circumstances): string[] {
  const { verdict, idleUntil = Infinity, absoluteUntil = Infinity } = seen
  const isAccepted = verdict === 'accepted'
  const isUnchecked = verdict === 'unchecked'
  const isIdle = idleUntil <= now
  const isOver = absoluteUntil <= now || (isIdle && !seen.storeRecordsUse)
  const notes: [boolean, string][] = [
    [
      seen.content !== undefined,
      'The handle is the key in the store, and the session id the name in logs. Neither opens the session.',
    ],
    [
      isAccepted || isUnchecked,
      'Only the store knows whether the session has ended or its token was replaced (ended, rotated).',
    ],
    [
      isUnchecked,
      'To check it, set the secret: SESSION_SECRET in the environment or in .dev.vars, or --secret-file FILE.',
    ],
    [isUnchecked && isOver, 'By its own times it has expired, whatever key signed it.'],
    [
      isAccepted && isIdle,
      'By its own time it has been idle for too long, but the store may know of a later use.',
    ],
    [
      isAccepted && !seen.isNewestSecret,
      'The next response signs it again with the newest secret.',
    ],
  ]
  return notes.filter(([applies]) => applies).map(([, note]) => note)
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

function untilText(time: number | undefined, now: number): string {
  return time === undefined ? 'known to the store: the session is remembered' : timeText(time, now)
}

function timeText(time: number, now: number): string {
  const distance = Math.abs(time - now)
  const [unit, size] = UNITS.find(([, each]) => distance >= each) ?? ['second', 1000]
  const count = Math.floor(distance / size)
  const amount = `${count} ${unit}${count === 1 ? '' : 's'}`
  return `${isoTime(time)}, ${time <= now ? `${amount} ago` : `in ${amount}`}`
}

/** Times in a token may exceed the range of a Date. */
export function isoTime(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : `${time} ms`
}
