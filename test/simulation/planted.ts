import type { Theme } from './plan.ts'

/** A fault that is put into a copy of the library, to show that the simulation finds it. */
export interface Planted {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The theme in whose seeds it is looked for; absent if in all of them. */
  readonly theme?: Theme
  /**
   * The seed that has found it before. It is looked for from there on, and then among those before: any seed will do, since
   * none of them finds anything without it.
   */
  readonly from: number
}

const STEP = 'src/record/step.ts'
const META = 'src/record/meta.ts'
const CELL = 'src/record/session-cell.ts'
const OBJECT = 'src/store/object/session-object.ts'
const ROWS = 'src/store/object/session-rows.ts'
const TOKENS = 'src/request/token-changes.ts'
const CHANGES = 'src/session/changes.ts'
const ATOMIC = 'src/session/atomic.ts'
const DICTIONARY = 'src/session/dictionary.ts'
const DIFFERENCE = 'src/record/difference.ts'
const STORED = 'src/request/stored-session.ts'
const FRESHNESS = 'src/store/cached/freshness.ts'
const COPIES = 'src/store/cached/copies.ts'
const CACHED = 'src/store/cached.ts'
const RESPONSE = 'src/request/response.ts'
const KV = 'src/store/kv.ts'
const USERS = 'src/store/user-index/user-cell.ts'
const SIGN_INS = 'src/accounts/sign-ins.ts'

export const PLANTED: readonly Planted[] = [
  {
    name: 'a repeated operation is applied again',
    from: 36,
    file: META,
    find: 'const known = operations.find((operation) => operation[0] === id)',
    replace:
      'const known = operations.find((operation) => operation[0] === id && operation.length > 9)',
  },
  {
    name: 'operations are forgotten with the object’s memory',
    from: 130,
    file: ROWS,
    find: 'const operations = meta.operations.slice(-MIN_OPERATIONS)',
    replace: 'const operations = meta.operations.slice(-MIN_OPERATIONS).slice(0, 0)',
  },
  {
    name: 'a write to a session that is gone creates it',
    from: 168,
    file: STEP,
    find: "if (method !== 'create' || patch === undefined) return stepTo(ENDED, undefined)",
    replace: 'if (patch === undefined) return stepTo(ENDED, undefined)',
  },
  {
    name: 'a token that was replaced is accepted',
    from: 13,
    file: META,
    find: '  if (meta.hash === hash) return undefined\n',
    replace: '  if (meta.hash === hash || meta.rotatedAt !== undefined) return undefined\n',
  },
  {
    name: 'a token stays valid after its grace',
    from: 301,
    theme: 'renewal',
    file: META,
    find: 'context.now < meta.former.until',
    replace: 'meta.former.until > 0',
  },
  {
    name: 'regenerate keeps the token of a renewal',
    from: 1925,
    theme: 'renewal',
    file: 'src/record/regenerated.ts',
    find: 'const { former: _, ...rest } = meta',
    replace: 'const { ...rest } = meta',
  },
  {
    name: 'regenerate leaves the former token a grace',
    from: 13,
    file: STEP,
    find: 'newHash, context, { grace, account })',
    replace: 'newHash, context, { grace: grace ?? 60_000, account })',
  },
  {
    name: 'destroy keeps the rows',
    from: 0,
    file: OBJECT,
    find: '      rows.clear()\n      return this.#saved?.(state, changed, method) ?? empty(storage)',
    replace: '      return undefined',
  },
  {
    name: 'the end of a session is in memory only',
    from: 37,
    file: CELL,
    find: 'before === after ? undefined : this.#save(after,',
    replace: 'before === after || after === undefined ? undefined : this.#save(after,',
  },
  {
    name: 'another user’s sign-in keeps the entries',
    from: 43,
    file: STEP,
    find: 'return former !== undefined && account !== undefined && former.userId !== account.userId',
    replace: 'return former !== undefined && account !== undefined && former.userId === "nobody"',
  },
  {
    name: 'another user’s sign-in leaves the entries in storage',
    from: 356,
    file: STEP,
    find: 'changed: isAnothers ? [...entries.keys()] : []',
    replace: 'changed: []',
  },
  {
    name: 'an update is written over whatever came first',
    from: 936,
    file: DIFFERENCE,
    find: 'if (expect.some(([name, text]) => textOf(name) !== text)) {',
    replace:
      'if (expect.some(([name, text]) => textOf(name) !== text && patch.set === undefined)) {',
  },
  {
    name: 'an update that lost returns as if it had won',
    from: 937,
    file: ATOMIC,
    find: "if (!reply.ok && reply.why === 'conflict' && triesLeft > 1) {",
    replace:
      "if (!reply.ok && reply.why === 'conflict') return { text }\n  if (!reply.ok && triesLeft > 1) {",
  },
  {
    name: 'a taken value stays',
    from: 6,
    file: DIFFERENCE,
    find: 'for (const name of take) after.delete(name)',
    replace: 'for (const name of take) after.get(name)',
  },
  {
    name: 'a delete is dropped',
    from: 16,
    file: DIFFERENCE,
    find: 'const names = [...cleared, ...dropped]',
    replace: 'const names = [...cleared]',
  },
  {
    name: 'clear keeps what others have written',
    from: 4,
    file: CHANGES,
    find: 'const clear = [...(changes.saved?.keys() ?? [])]',
    replace: 'const clear = [...(changes.saved?.keys() ?? []), "=s", "=n"]',
  },
  {
    name: 'recorded changes of a handler that failed are written',
    from: 10,
    file: 'src/request/failure.ts',
    find: '  session.dictionary.discard()\n',
    replace: '  void session.dictionary.finish()\n',
  },
  {
    name: 'a late write begins a new session',
    from: 142,
    file: STORED,
    find: 'if (isLate || this.isGone) throw',
    replace: 'if ((isLate && this.isNew) || this.isGone) throw',
  },
  {
    name: 'a late write after a read begins a new session',
    from: 584,
    file: STORED,
    find: "if (this.state.is !== 'presented') throw this.lose(reply)",
    replace: "if (this.state.is === 'destroyed') throw this.lose(reply)",
  },
  {
    name: 'the alarm trusts its time',
    from: 28,
    file: CELL,
    find: 'if (this.deadline > now) return lasting(this.#state) && this.deadline',
    replace: 'if (this.deadline > now + 1e15) return lasting(this.#state) && this.deadline',
  },
  {
    name: 'the alarm does not empty the object',
    from: 0,
    file: OBJECT,
    find: 'const deadline = await this.#loadedCell().sweep(Date.now())',
    replace: 'const deadline = this.#loadedCell().deadline',
  },
  {
    name: 'a copy that is behind its cookie answers',
    from: 33,
    theme: 'copies',
    file: FRESHNESS,
    find: 'copy.revision < bookmark',
    replace: 'copy.revision > bookmark',
  },
  {
    name: 'a copy answers for ever',
    from: 1006,
    theme: 'copies',
    file: FRESHNESS,
    find: 'age >= 0 && age < maxAge && ',
    replace: '',
  },
  {
    name: 'a copy answers for a token that was replaced',
    from: 854,
    theme: 'copies',
    file: COPIES,
    find: 'if (held?.secret !== secret || !isCopy(held)) return undefined',
    replace: 'if (held === undefined || !isCopy(held)) return undefined',
  },
  {
    name: 'a write leaves the copy as it was',
    from: 177,
    theme: 'copies',
    file: COPIES,
    find: 'if (entries === undefined) this.outdate(credential.handle, at, revision)\n    else this.keep',
    replace: 'if (entries !== undefined) this.keep',
  },
  {
    name: 'an applied write is added to a copy that lacks another',
    from: 710,
    theme: 'copies',
    file: COPIES,
    find: 'if (revision !== before + 1 || moved !== true) return undefined',
    replace: 'if (moved !== true) return undefined',
  },
  {
    name: 'the token does not carry the revision',
    from: 33,
    theme: 'copies',
    file: CACHED,
    find: 'return revision === undefined ? reply : { ...reply, bookmark: revision }',
    replace: 'return revision === undefined ? reply : { ...reply, bookmark: 1 }',
  },
  {
    name: 'a superseded token has its successor’s cookie cleared',
    from: 12,
    file: RESPONSE,
    find: "if (state.is === 'ended' || isDestroyed(state)) {",
    replace: "if (state.is === 'ended' || isDestroyed(state) || state.is === 'superseded') {",
  },
  {
    name: 'a new token is not sent',
    from: 3,
    file: TOKENS,
    find: 'session.confirm({ ...token, secret, handle: reply.handle, createdAt, usedAt }, reply)',
    replace: 'session.confirm({ ...token, handle: reply.handle, createdAt, usedAt }, reply)',
  },
  {
    name: 'a revocation skips the last session',
    from: 42,
    theme: 'users',
    file: USERS,
    find: 'const revoked = Array.from(this.#listed.values()).filter(({ id }) => isSelected(id))',
    replace:
      'const revoked = Array.from(this.#listed.values()).filter(({ id }) => isSelected(id)).slice(1)',
  },
  {
    name: 'a revocation forgets what it could not end',
    from: 42,
    theme: 'users',
    file: USERS,
    find: 'if (failed !== undefined) throw failed.reason',
    replace: 'if (failed !== undefined) this.#ending.clear()',
  },
  {
    name: 'a sign-in is on no list',
    from: 2,
    theme: 'users',
    file: SIGN_INS,
    find: 'this.#listing?.note(account.userId, this.#listed(account, handle, details), why)',
    replace:
      "if (why !== 'sign-in') this.#listing?.note(account.userId, this.#listed(account, handle, details), why)",
  },
  {
    name: 'an awaited change is not seen by the next one of the request',
    from: 33,
    file: ATOMIC,
    find: 'if (repeated === undefined || repeated.before === saved.get(name)) saved.set(name, text)',
    replace: 'if (repeated !== undefined) saved.set(name, text)',
  },
  {
    name: 'a set after a failed commit is lost',
    from: 16,
    file: DICTIONARY,
    find: '  record(name: string, text: string | null): void {\n    this.changes.patch = undefined\n',
    replace:
      '  record(name: string, text: string | null): void {\n    if (this.changes.unsaved?.has(name)) return\n',
  },
  {
    name: 'create is not insert-only',
    from: 988,
    file: STEP,
    find: 'if (present === undefined) return firstStep(call)',
    replace: "if (present === undefined || method === 'create') return firstStep(call)",
  },
  {
    name: 'an operation’s id is dropped',
    from: 36,
    file: META,
    find: 'function operationOf({ id }: Patch, { taken, counts }: Outcome): Operation {\n',
    replace:
      'function operationOf({ id: its }: Patch, { taken, counts }: Outcome): Operation {\n  const id = its.slice(0, 0)\n',
  },
  {
    name: 'a touch writes data',
    from: 0,
    file: STEP,
    find: 'const state = used === meta ? present : { meta: used, entries }',
    replace:
      'const state = used === meta ? present : { meta: used, entries: new Map([...entries].slice(1)) }',
  },
  {
    name: 'a cookie is refreshed over a newer one',
    from: 387,
    file: RESPONSE,
    find: "if (change === 'refresh') return ours === undefined || !isOlder(opened.token, ours)",
    replace: "if (change === 'refresh') return false",
    theme: 'kv',
  },
  {
    name: 'on KV the tombstone of a former token is forgotten',
    from: 163,
    file: KV,
    find: 'if (!isUnsent) await atRate(() => put(handle, tombstone, context))',
    replace: 'if (handle === newHandle) await atRate(() => put(handle, tombstone, context))',
    theme: 'kv',
  },
  {
    name: 'on KV destroy ends nothing',
    from: 115,
    file: KV,
    find: 'await changes.make(key, () => atRate(end))',
    replace: 'if (key === handle) await changes.make(key, () => atRate(end))',
    theme: 'kv',
  },
  {
    name: 'on KV another user’s sign-in keeps the entries',
    from: 43,
    file: 'src/store/kv/live.ts',
    find: 'entries: replacesAnothers || isAnotherUsers(session.account, account) ? {} : session.entries',
    replace: 'entries: session.entries',
    theme: 'kv',
  },
  {
    name: 'on KV a write drops what it does not change',
    from: 59,
    file: KV,
    find: 'const session = { ...live.session, expiresAt, entries: Object.fromEntries(after) }',
    replace:
      'const session = { ...live.session, expiresAt, entries: Object.fromEntries([...after].filter(([name]) => changed.includes(name))) }',
    theme: 'kv',
  },
]
