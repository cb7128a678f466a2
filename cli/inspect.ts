import { text } from 'node:stream/consumers'

import { readArguments, seeHelp } from './arguments.ts'
import { misuse } from './cli-error.ts'
import { cookieInput } from './cookie-input.ts'
import { adviceFor, inspectionText, isoTime, signatureOf } from './inspection-text.ts'
import { type Circumstances, type Inspection, inspection } from './inspection.ts'
import { foundSecrets } from './secret-sources.ts'
import type { Terminal } from './terminal.ts'

const COMMAND = 'edge-session inspect'

const OPTIONS = {
  name: { type: 'string' },
  'secret-file': { type: 'string', multiple: true },
  'secret-name': { type: 'string', multiple: true },
  idle: { type: 'string' },
  absolute: { type: 'string' },
  now: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** `edge-session inspect`: shows the content of a cookie. Returns 0 if the library would accept it, otherwise 1. */
export async function inspectCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = readArguments(COMMAND, args, { options: OPTIONS, maxWords: 1 })
  const [word] = positionals
  if (word === undefined) throw misuse(`${COMMAND}: which cookie?${seeHelp(COMMAND)}`)
  const input = cookieInput(word === '-' ? await text(process.stdin) : word, values.name)
  const given: Circumstances = {
    name: input.name,
    secrets: await foundSecrets(
      process.cwd(),
      values['secret-file'] ?? [],
      values['secret-name'] ?? [],
    ),
    idle: secondsOf('--idle', values.idle),
    absolute: secondsOf('--absolute', values.absolute),
    now: timeOf(values.now),
  }
  const seen = await Promise.all(
    input.values.map(async (value) => ({ value, found: await inspection(value, given) })),
  )
  // As in the library, the first valid one of several cookies with the name counts.
  const isAccepted = seen.some(({ found }) => found.verdict === 'accepted')
  if (values.json === true) {
    const tokens = seen.map(({ value, found }) => plainInspection(value, found, given))
    terminal.print(JSON.stringify({ cookie: given.name, accepted: isAccepted, tokens }, null, 2))
  } else {
    const texts = seen.map(({ value, found }) => inspectionText(value, found, given))
    terminal.print(texts.join('\n\n'))
  }
  return isAccepted ? 0 : 1
}

/** Returns the inspection for programs. */
function plainInspection(value: string, seen: Inspection, given: Circumstances): object {
  const { verdict, content } = seen
  const isPlain = typeof verdict === 'string'
  return {
    verdict: isPlain ? verdict : verdict.type,
    ...(!isPlain &&
      (verdict.type === 'refused' ? { reason: verdict.reason } : { timeout: verdict.timeout })),
    advice: adviceFor(value, seen, given),
    signature: signatureOf(seen),
    ...(content && {
      form: content.form,
      store: seen.store,
      handle: content.token.handle,
      sessionId: seen.sessionId,
      keyId: content.keyId,
      secret: seen.secret ?? null,
      isNewestSecret: seen.isNewestSecret,
      bookmark: content.token.bookmark ?? null,
      createdAt: isoTime(content.token.createdAt),
      usedAt: isoTime(content.token.usedAt),
      ...(content.token.isRemembered === true && { isRemembered: true }),
      idleUntil: untilOf(seen.idleUntil),
      absoluteUntil: untilOf(seen.absoluteUntil),
    }),
  }
}

/** A time that only the store knows is null. */
function untilOf(time: number | undefined): string | null {
  return time === undefined ? null : isoTime(time)
}

function secondsOf(option: string, written: string | undefined): number | undefined {
  if (written === undefined) return undefined
  const seconds = Number(written)
  if (Number.isFinite(seconds) && seconds > 0) return seconds
  throw misuse(`${COMMAND}: ${option} must be a number of seconds above 0.${seeHelp(COMMAND)}`)
}

function timeOf(written: string | undefined): number {
  if (written === undefined) return Date.now()
  const time = /^\d+$/.test(written) ? Number(written) : Date.parse(written)
  if (Number.isFinite(time)) return time
  throw misuse(
    `${COMMAND}: --now must be milliseconds since 1970, or a time such as 2026-11-21T12:00:00Z.${seeHelp(COMMAND)}`,
  )
}
