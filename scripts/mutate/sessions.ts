import type { MutatedFile } from './mutation.ts'

const TOKENS = [
  'test/codec/token.test.ts',
  'test/codec/forged-cookies.test.ts',
  'test/request/key-rotation.test.ts',
]
const CHANGES = [
  'test/session/changes-under-way.test.ts',
  'test/session/dictionary.test.ts',
  'test/session/own-changes.test.ts',
  'test/session/repeated-operations.test.ts',
  'test/request/inner-wrappers.test.ts',
  'test/request/overlaps.test.ts',
  'test/request/with-session.test.ts',
  'test/request/store-failure.test.ts',
  'test/request/overlapping-faults.test.ts',
  'test/request/purposes.test.ts',
  'test/request/plain-http.test.ts',
  'test/request/nested-wrappers.test.ts',
  'test/session/repeated-after-clear.test.ts',
  'test/request/read-cache.test.ts',
  'test/session/rollback.test.ts',
]

/** The tokens, and the working copy of a request. */
export const SESSIONS: readonly MutatedFile[] = [
  {
    file: 'src/codec/token.ts',
    tests: TOKENS,
    changes: [
      ['if (!(await verify(signingKey.key,', 'if (false && !(await verify(signingKey.key,'],
      ['return `session ${cookieName} ${signed}`', 'return `session ${signed}`'],
      ['known?.cookieName === cookieName', 'known !== undefined'],
      [
        'newRandomText().slice(0, FAMILY_END) + newRandomText()',
        'newRandomText().slice(0, FAMILY_END).repeat(4)',
      ],
      ['length > MAX_LENGTH || ', ''],
      ['const isNewestKey = signingKey === keyring[0]', 'const isNewestKey = true'],
      [
        'known.size >= MAX_VERIFIED',
        'false',
        'More verified values are held, and each is as good.',
      ],
      ['return refused(SHAPE.test(value) ? reason : ', 'return refused(true ? reason : '],
    ],
  },
  {
    file: 'src/codec/keyring.ts',
    tests: ['test/codec/keyring.test.ts', ...TOKENS],
    changes: [
      ['bytes.length >= MIN_SECRET_BYTES', 'bytes.length > 0'],
      ['`session ${purpose}`', "'session'"],
      ['bytes.slice(KEY_BYTES)', 'bytes.slice(0, 3)'],
    ],
  },
  {
    file: 'src/session/changes.ts',
    tests: CHANGES,
    changes: [
      ['recorded === changes.unsaved && changes.patch !== undefined', 'false'],
      ['const clear = [...(changes.saved?.keys() ?? [])]', 'const clear: string[] = []'],
      ['if (isWhole) changes.patch = patch', ''],
      ['recordedIn(writer, since) ?? new Map()', 'recorded'],
      ['if (!port.canKeep) return', ''],
      ['unsaved === changes.unsaved) changes.mustClear = false', 'true) changes.mustClear = false'],
      ['if (unsaved?.get(name) === text) unsaved.delete(name)', 'unsaved?.delete(name)'],
      [
        'if (changes.writing === writing) changes.writing = undefined',
        'changes.writing = undefined',
        'The writes of one request are sent one after the other.',
      ],
      ['changes.writing = writing\n', '\n'],
      ['since === undefined || (changes.mustClear && !since.mustClear)', 'since === undefined'],
    ],
  },
  {
    file: 'src/session/dictionary.ts',
    tests: CHANGES,
    changes: [
      [
        'record(name: string, text: string | null): void {\n    this.changes.patch = undefined',
        'record(name: string, text: string | null): void {',
      ],
      ['this.#operations?.forget(name)', ''],
      ['this.#operations?.forget()\n', '\n'],
      ['this.changes.saved = withoutData(this.changes.saved)', ''],
      ['this.changes.isCleared = true', ''],
      ['if (this.#isSealed) throw sealedError()', ''],
      ['if (this.#loading === reading) this.#loading = undefined', ''],
      ['if (!this.port.isCopied) return', 'return'],
      ['settled.then(() => commitLast(this))', 'settled.then(() => undefined)'],
      ['this.changes.isCleared && name.startsWith(DATA) ? null', 'this.changes.isCleared ? null'],
    ],
  },
  {
    file: 'src/session/atomic.ts',
    tests: [...CHANGES, 'test/session/operation-counts.test.ts', 'test/request/races.test.ts'],
    changes: [
      ['if (writing !== undefined) {', 'if (false) {'],
      ['repeated === undefined || repeated.before === saved.get(name)', 'true'],
      ['if (dictionary.unsaved(name) !== unsaved) {', 'if (false) {'],
      ['if (unsaved?.get(name) === text) unsaved.set(name, before)', ''],
      ['return moved === true ? {} : { repeated }', 'return { repeated }'],
      ["reply.why === 'conflict' && triesLeft > 1", 'false'],
      ['return isSame ? operations', 'return true ? operations'],
    ],
  },
  {
    file: 'src/session/operations.ts',
    tests: [...CHANGES, 'test/session/operation-counts.test.ts'],
    changes: [
      ['this.#underWay.add(running)', ''],
      ['(sent) => sent.kind === kind)\n    return this.send', '() => false)\n    return this.send'],
      ['if (name.startsWith(DATA)) this.#unsure', 'this.#unsure'],
    ],
  },
  {
    file: 'src/session/savepoint.ts',
    tests: CHANGES,
    changes: [
      ['isRecorded(name) && !isWritten(name)', 'isRecorded(name)'],
      ['isRecorded(name) && !isWritten(name)', '!isWritten(name)'],
      ['if (isClearWritten) return { ...present, unsaved }', ''],
    ],
  },
  {
    file: 'src/codec/cookie.ts',
    tests: [
      'test/codec/cookie.test.ts',
      'test/request/twin-cookies.test.ts',
      'test/request/cookie-domain.test.ts',
    ],
    changes: [
      [' && values.length < MAX_SAME_NAME', ''],
      ["if (before === '' || before.endsWith(';')) {", 'if (true) {'],
      ['const comma = isWhole ? -1 : ', 'const comma = '],
      ['const stop = comma < 0 ? end : at + comma', 'const stop = end'],
      ['Math.min(Math.floor(maxAgeSeconds), MAX_AGE_CAP_SECONDS)', 'Math.floor(maxAgeSeconds)'],
      ['Math.max(0, Math.min(', 'Math.max(-9, Math.min('],
      ["host === domain || host === ''", 'host === domain'],
      ["domain.includes('.') && host", 'host'],
      ['host.endsWith(`.${domain}`)', 'host.endsWith(domain)'],
      [' && !/^\\d+(\\.\\d+){3}$/.test(host)', ''],
      ['=; Max-Age=0${attributeText(cookie)}', '=; Max-Age=0'],
    ],
  },
  {
    file: 'src/codec/mac.ts',
    tests: ['test/codec/mac.test.ts', ...TOKENS],
    changes: [
      ['if (!isCanonical32(mac)) return Promise.resolve(false)', ''],
      ['hashes.get(secret) ?? hashes.set', "hashes.get('') ?? hashes.set", 'It hashes again.'],
    ],
  },
  {
    file: 'src/session/patch.ts',
    tests: ['test/store/memory.test.ts', ...CHANGES],
    changes: [
      ["if (typeof by !== 'number') return Number.NaN", ''],
      ['/^[-\\d]/.test(text) ? text : Number.NaN', 'text'],
      ['Math.abs(sum) <= Number.MAX_SAFE_INTEGER', 'Number.isFinite(sum)'],
      [' || signIn !== undefined) return undefined', ') return undefined'],
      ['set.length + increment.length > 0', 'set.length > 0'],
    ],
  },
]
