import { decodeBase64url, encodeHex } from '../codec/base64url.ts'
import { sha256 } from '../codec/mac.ts'
import { newRandomText } from '../codec/random.ts'
import type { Entries } from '../session/patch.ts'
import { deadlineOf } from './meta.ts'
import { SessionRecord } from './session-record.ts'
import type { SessionStore } from './store.ts'

const ENDED = { ok: false, why: 'ended' } as const
/** After this many creations expired sessions are swept out, so that memory is bounded by the sessions in use. */
const SWEEP_EVERY = 1000

/**
 * Sessions in this process's memory: for tests and for servers of one process. On Workers the next request may meet
 * another isolate, where the session is unknown.
 */
export function memoryStore(): SessionStore {
  const records = new Map<string, SessionRecord>()
  let creations = 0

  function sweep(now: number): void {
    creations += 1
    if (creations % SWEEP_EVERY !== 0) return
    for (const [handle, { meta }] of records) if (deadlineOf(meta) <= now) records.delete(handle)
  }

  return {
    name: 'memory',
    isAtomic: true,
    recordsUse: true,
    newHandle: newRandomText,
    idOf: (handle) => encodeHex(decodeBase64url(handle)),

    async create({ handle, secret }, moment, patch) {
      const hash = await sha256(secret)
      const present = records.get(handle)
      if (present !== undefined) return present.write(hash, moment, patch)
      const [record, reply] = SessionRecord.create(hash, moment, patch, saveNothing)
      if (record !== undefined) records.set(handle, record)
      sweep(moment.now)
      return reply
    },

    async read({ handle, secret }, moment) {
      const hash = await sha256(secret)
      const record = records.get(handle)
      const gone = record === undefined ? ENDED : record.gone(hash, moment)
      if (record === undefined || gone !== undefined) return gone ?? ENDED
      record.touch(moment)
      const entries = JSON.parse(record.entriesJson) as Entries
      return { ok: true, entries, usedAt: record.meta.usedAt }
    },

    async write({ handle, secret }, moment, patch) {
      const hash = await sha256(secret)
      return records.get(handle)?.write(hash, moment, patch) ?? ENDED
    },

    async regenerate({ handle, secret }, moment, newSecret) {
      const [hash, newHash] = await Promise.all([sha256(secret), sha256(newSecret)])
      const record = records.get(handle)
      const gone = record === undefined ? ENDED : record.regenerate(hash, moment, newHash)
      return gone ?? { ok: true, handle }
    },

    async destroy({ handle, secret }, moment) {
      const hash = await sha256(secret)
      const gone = records.get(handle)?.gone(hash, moment)
      if (gone?.why === 'rotated') return gone
      records.delete(handle)
      return { ok: true }
    },
  }
}

/** What memory holds needs no saving. */
function saveNothing(): void {}
