import type { MutatedFile } from './mutation.ts'
import { FAILURES, LATE } from './requests.ts'

/** One request's session, from its arrival to its end. */
export const REQUEST_SESSIONS: readonly MutatedFile[] = [
  {
    file: 'src/request/request-session.ts',
    tests: [
      ...LATE,
      ...FAILURES,
      'test/request/adopt.test.ts',
      'test/request/plain-http.test.ts',
      'test/request/cookie-domain.test.ts',
      'test/request/kv-unseen.test.ts',
      'test/request/kv-revoked.test.ts',
      'test/request/dead-cookies.test.ts',
      'test/request/own-endings.test.ts',
      'test/store/stale-kv.test.ts',
      'test/request/purposes.test.ts',
      'test/request/events.test.ts',
      'test/request/features.test.ts',
      'test/request/costs.test.ts',
    ],
    changes: [
      ['this.hasCredentials = !this.isNew || this.isArriving', 'this.hasCredentials = !this.isNew'],
      [' && this.failure === undefined\n', '\n'],
      [
        "if (this.state.is === 'destroyed') throw endedError()\n    this.markUsed()",
        'this.markUsed()',
      ],
      ['    if (this.isUsed) return\n', ''],
      ['this.arrival.hasCookie ? undefined : obstacleOf', 'obstacleOf'],
      ['? this.settle(pending).then(() => this.writeNow(patch))', '? this.writeNow(patch)'],
      ['pending !== undefined && this.store.can.atomic', 'false'],
      ['this.pending ??= {', 'this.pending = {'],
      ['    this.dictionary.empty()\n', ''],
      ["is === 'ended' || this.isRevoked) {", 'this.isRevoked) {'],
      ['await this.drop()', ''],
      ["() => endSession(this), is === 'unseen')", '() => endSession(this))'],
      ['pending !== undefined && !this.isOver', 'pending !== undefined'],
      ['if (this.failure !== undefined) return Promise.reject(this.failure)', ''],
      ["if (is === 'destroyed') return Promise.reject(endedError())", ''],
      [
        'if (!awaitsAnother(this)) return Promise.reject(this.lose(ENDED))',
        'return Promise.reject(this.lose(ENDED))',
      ],
      ['if (!awaitsAnother(this)) return Promise.reject(this.lose(ENDED))', ''],
      ['return this.isGone ? Promise.reject(this.lose()) : make()', 'return make()'],
      ['this.#last.then(run, run)', 'run()'],
    ],
  },
  {
    file: 'src/request/state.ts',
    tests: [...LATE, 'test/request/dead-cookies.test.ts'],
    changes: [
      [
        "reply.gone === 'rotated' && reply.at > arrivedAt - ROTATION_WINDOW_MS",
        "reply.gone === 'rotated'",
      ],
      ["reply.gone === 'rotated' && reply.at > arrivedAt - ROTATION_WINDOW_MS", 'false'],
    ],
  },
  {
    file: 'src/renew.ts',
    tests: ['test/request/renewal.test.ts', 'test/request/renewal-and-rotation.test.ts'],
    changes: [
      ['Math.min(GRACE_SECONDS, everySeconds)', 'GRACE_SECONDS'],
      ["state.is === 'live' && state.status.renewal !== undefined", "state.is === 'live'"],
      ['.catch(() => undefined)', ''],
      ['status: { ...status, renewal: undefined },', ''],
      ["if (status.renewal === 'due') settings", 'settings'],
      ["if (!isGone(reply) || reply.gone !== 'rotated') return undefined", ''],
      ["if (!isGone(reply) || reply.gone !== 'rotated') return undefined", 'return undefined'],
    ],
  },
]
