#!/usr/bin/env bash
# One would expect the ttl that better-auth passes to its secondaryStorage to be above 0: elsewhere it does not write otherwise.
# If a profile changes in the last second of another session of the user, better-auth 1.7.25 writes that session with a ttl of 0.
# It matters to a storage that takes 0 for "no ttl", as `if (ttl)` does: the session's row then stays for good. One that
# refuses 0 makes the change of the profile fail.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 better-auth@1.7.25 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >run.mjs <<'JS'
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { mock } from 'node:test';
mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
const rows = new Map();
const ttls = new Map();
const auth = betterAuth({
  baseURL: 'http://localhost', secret: 's'.repeat(32), logger: { disabled: true }, rateLimit: { enabled: false },
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  session: { expiresIn: 60, updateAge: 3600 },
  emailAndPassword: { enabled: true, password: { hash: async (text) => text, verify: async ({ hash, password }) => hash === password } },
  secondaryStorage: {
    get: (key) => rows.get(key) ?? null,
    set: (key, value, ttl) => { rows.set(key, value); ttls.set(key, ttl); },
    delete: (key) => { rows.delete(key); },
    getAndDelete: () => null,
    increment: () => 1,
  },
});
const body = { email: 'ada@app.example', password: 'correct horse', name: 'Ada' };
const { token } = await auth.api.signUpEmail({ body });
mock.timers.setTime(1_800_000_040_000);
const { headers } = await auth.api.signInEmail({ body, returnHeaders: true });
const cookie = headers.getSetCookie().map((each) => each.split(';')[0]).join('; ');
for (const ms of [58_500, 59_500]) {
  mock.timers.setTime(1_800_000_000_000 + ms);
  await auth.api.updateUser({ body: { name: `Ada ${ms}` }, headers: new Headers({ Cookie: cookie }) });
  console.log(`${60_000 - ms} ms before the end of the session: ttl ${ttls.get(token)}`);
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='1500 ms before the end of the session: ttl 1
500 ms before the end of the session: ttl 0'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: no ttl of 0'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
