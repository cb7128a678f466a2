import type { MutatedFile } from './mutation.ts'

const PROOFS = [
  'test/bound/refused-proofs.test.ts',
  'test/bound/challenges.test.ts',
  'test/bound/replays.test.ts',
  'test/bound/bindings.test.ts',
]
const LIFE = [
  'test/bound/bound.test.ts',
  'test/bound/life.test.ts',
  'test/bound/costs.test.ts',
  'test/bound/hidden.test.ts',
  'test/bound/failures.test.ts',
  'test/bound/places.test.ts',
  'test/bound/options.test.ts',
]
const GUARD = [
  'test/bound/bound.test.ts',
  'test/bound/fresh.test.ts',
  'test/bound/require-bound.test.ts',
  'test/bound/grace.test.ts',
  'test/bound/reload-page.test.ts',
]

/** Sessions bound to a device. */
export const BOUND_FILES: readonly MutatedFile[] = [
  {
    file: 'src/bound/bind-step.ts',
    tests: [...PROOFS, ...LIFE],
    changes: [
      ['if (gone !== undefined) return { reply: gone, state: present, changed: [] }', ''],
      ['last === signedInAt || meta.account?.at !== signedInAt', 'last === signedInAt'],
      ['last === signedInAt || meta.account?.at !== signedInAt', 'meta.account?.at !== signedInAt'],
      ['entries.set(BOUND, String(signedInAt))', ''],
      ['revision: nextRevision(meta)', ''],
      ['provenAt: signedInAt })', 'provenAt: 0 })'],
      ['proof.at <= provenAt', 'proof.at < provenAt'],
      ['proof.at <= provenAt', 'false'],
      ['JSON.stringify(signedBy) !== JSON.stringify(key)', 'false'],
      ['{ ...binding, provenAt: proof.at }', 'binding'],
    ],
  },
  {
    file: 'src/bound/bindings.ts',
    tests: [...PROOFS, ...LIFE],
    changes: [
      ['if (await isSignedBy(verify, proof)) return', 'return'],
      ['ask(proof === undefined ? {} : { proof })', 'ask(list[ABOUT] as CheckedRequest)'],
    ],
  },
  {
    file: 'src/bound/challenge.ts',
    tests: [...PROOFS, ...LIFE],
    changes: [
      ['`${purpose} ${settings.cookie.name} ${body}`', '`${settings.cookie.name} ${body}`'],
      ['`${purpose} ${settings.cookie.name} ${body}`', '`${purpose} ${body}`'],
      [
        'for (const { keyFor } of subject.keyring) {',
        'for (const { keyFor } of [subject.keyring[0]]) {',
      ],
    ],
  },
  {
    file: 'src/bound/proof.ts',
    tests: [...PROOFS, 'test/bound/rsa-keys.test.ts'],
    changes: [
      ["typ !== 'dbsc+jwt'", 'false'],
      ['crit !== undefined', 'false'],
      ['aud !== url', 'false'],
      [
        'isRegistration ? key === undefined : jwk !== undefined',
        'isRegistration && key === undefined',
      ],
      ['jws.length <= MAX_CHARACTERS && ', ''],
      ['if (key.alg !== alg) return false', ''],
      ["crv === 'P-256'", 'true'],
      ["kty === 'EC'", 'true'],
      ["kty === 'RSA'", 'true'],
      ["e === 'AQAB'", 'is(/./, e)'],
      ['/^[\\w-]{342,683}$/', '/^[\\w-]+$/'],
    ],
  },
  {
    file: 'src/bound/endpoints.ts',
    tests: [...PROOFS, ...LIFE],
    changes: [
      ['settings.now() - stamp.at > REGISTRATION_MS', 'false'],
      ["if (!(await isSignedBy(key, proof))) return refused(session, 'proof', handle)", ''],
      ['|| reply.refused !== undefined', ''],
      ['token !== undefined && token.handle !== handle', 'false'],
      ['stamp.handle === handle && ', ''],
      ['&& stamp.at > oldest', ''],
      ["reply.gone !== 'rotated'", 'true'],
      ['Math.max(session.settings.now(), provenAt + 1)', 'session.settings.now()'],
      ['refresh_url: paths.refresh', 'refresh_url: paths.register'],
    ],
  },
  {
    file: 'src/bound.ts',
    tests: [...LIFE, ...GUARD],
    changes: [
      ['if (isBound === undefined) throw notReadError()', ''],
      ["if (change.is === 'ended') clear(session)", ''],
      ["method === 'POST' ? endpoints", 'true ? endpoints'],
      ['known.set(session, false)', ''],
      ["if (!session.request.url.startsWith('https:')) return", ''],
      ['if (isAllowed) return await', 'return await'],
      ['stamp.handle === token?.handle', 'true'],
      ['settings.now() < stamp.at', 'true'],
      ['settings.now() < stamp.at', 'settings.now() <= stamp.at'],
      ['if (store.part === undefined) throw noBindingsError(store.name)', ''],
    ],
  },
  {
    file: 'src/guard/require-bound.ts',
    tests: GUARD,
    changes: [
      ['load({ fresh })', 'load()'],
      ['if (!device.enforce) return handler(request, env, ctx)', ''],
      ['device.forget()', ''],
      ['now - signedInAt < graceSeconds * 1000', 'now - signedInAt <= graceSeconds * 1000'],
      ["unbound === 'pass' ? undefined : 'unbound'", 'undefined'],
      ["request.method === 'GET' && acceptsHtml", 'acceptsHtml'],
      ['!(count < MAX_RELOADS)', 'count >= MAX_RELOADS'],
      ['!isFromElsewhere(request) || ', ''],
    ],
  },
]
