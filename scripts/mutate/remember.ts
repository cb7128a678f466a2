import type { MutatedFile } from './mutation.ts'

const LAYER = ['test/request/remember.test.ts', 'test/request/remember-matrix.test.ts']
const STORE = ['test/store/memory.test.ts', ...LAYER]

/** Sessions with timeouts of their own. */
export const REMEMBER: readonly MutatedFile[] = [
  {
    file: 'src/record/meta.ts',
    tests: STORE,
    changes: [
      ['meta.account?.remember ?? timeouts', 'timeouts'],
      ['touch >= idle || (isSamePolicy', '(isSamePolicy'],
    ],
  },
  {
    file: 'src/record/regenerated.ts',
    tests: STORE,
    changes: [
      ['account: signedInOver(meta.account, account)', 'account'],
      ['remember !== undefined && userId === account.userId', 'remember !== undefined'],
      ['{ remember, ...account }', '{ ...account, remember }'],
    ],
  },
  {
    file: 'src/store/kv/live.ts',
    tests: ['test/store/kv.test.ts', ...LAYER],
    changes: [
      ['account?.remember ?? context', 'context'],
      [', usedAt + idle)', ')'],
      ['replacesAnothers ? undefined : session.account', 'session.account'],
      ['account.at + timeoutsOf(account, context).absolute', 'account.at + context.absolute'],
    ],
  },
  {
    file: 'src/store/cached/freshness.ts',
    tests: LAYER,
    changes: [['if (remember && now >=', 'if (false && now >=']],
  },
  {
    file: 'src/store/user-index/user-rows.ts',
    tests: LAYER,
    changes: [['= remember ?? asked', '= asked']],
  },
  {
    file: 'src/codec/token.ts',
    tests: ['test/codec/token.test.ts', ...LAYER],
    changes: [
      ['isRemembered ? REMEMBERED : 0', '0'],
      ['createdAt: begun % REMEMBERED', 'createdAt: begun'],
    ],
  },
  {
    file: 'src/request/open.ts',
    tests: LAYER,
    changes: [
      ['token?.isRemembered === true ? UNKNOWN : context', 'context'],
      ['state.status.account?.remember ?? context', 'context'],
    ],
  },
  {
    file: 'src/request/response.ts',
    tests: [...LAYER, 'test/store/remember-protocol.test.ts'],
    changes: [
      ['cookie.persistent || token.isRemembered === true', 'cookie.persistent'],
      ['timeoutsOf(session) !== session.settings.context', 'false'],
      [
        'Math.min(timeoutsOf(session).idle, MAX_AGE_CAP_SECONDS * 1000)',
        'timeoutsOf(session).idle',
      ],
      [
        'token.createdAt + timeoutsOf(session).absolute',
        'token.createdAt + settings.context.absolute',
      ],
    ],
  },
  {
    file: 'src/request/times.ts',
    tests: LAYER,
    changes: [
      ['signIn.remember ?? settings.context', 'settings.context'],
      ['timeoutsOf({ state, settings })', 'settings.context'],
    ],
  },
  {
    file: 'src/accounts/sign-ins.ts',
    tests: LAYER,
    changes: [
      [
        'pending?.patch.signIn ?? confirmedAccount(this.#session)',
        'confirmedAccount(this.#session)',
      ],
      ['(remember ?? settings.context).absolute', 'settings.context.absolute'],
      ['...(remember && { remember }),', ''],
      ['return isUser && JSON', 'return isUser || JSON'],
    ],
  },
  {
    file: 'src/remember.ts',
    tests: LAYER,
    changes: [
      ['isDuration(idle) && isDuration(absolute)', 'isDuration(absolute)'],
      [' && idle <= absolute', ''],
      [' && touch <= idle / 2', ''],
      ['Object.keys(rest).length === 0 && ', ''],
      ['Object(given) === given', 'true'],
      ['Math.max(usual.absolute, idleTimeout ?? 0)', 'usual.absolute'],
      ['Math.min(usual.idle, absolute)', 'usual.idle'],
    ],
  },
]
