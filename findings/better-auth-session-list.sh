#!/usr/bin/env bash
# One would expect every session of a user to be listed if the secondaryStorage is atomic: better-auth 1.7 asks it for getAndDelete and increment.
# It reads the user's list of sessions, adds one to it and writes it whole. So of sign-ins at the same time, the last
# write wins, and list-sessions does not show the others, though all are signed in.
# It matters to a page of "your devices". A storage cannot tell such a write from any other, unless it knows the keys.
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
const rows = new Map();
const after = async (change) => { await new Promise(setImmediate); return change(); };
const auth = betterAuth({
  baseURL: 'http://localhost', secret: 's'.repeat(32), logger: { disabled: true }, rateLimit: { enabled: false },
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  emailAndPassword: { enabled: true, password: { hash: async (text) => text, verify: async ({ hash, password }) => hash === password } },
  secondaryStorage: {
    get: (key) => after(() => rows.get(key) ?? null),
    set: (key, value) => after(() => void rows.set(key, value)),
    delete: (key) => after(() => void rows.delete(key)),
    getAndDelete: (key) => after(() => { const value = rows.get(key) ?? null; rows.delete(key); return value; }),
    increment: (key) => after(() => { const count = Number(rows.get(key) ?? 0) + 1; rows.set(key, String(count)); return count; }),
  },
});
const body = { email: 'ada@app.example', password: 'correct horse', name: 'Ada' };
const tokens = [(await auth.api.signUpEmail({ body })).token];
const signIns = Array.from({ length: 10 }, () => auth.api.signInEmail({ body }));
for (const { token } of await Promise.all(signIns)) tokens.push(token);
const [name] = [...rows.keys()].filter((key) => key.startsWith('active-sessions-'));
const listed = JSON.parse(rows.get(name));
console.log(`${tokens.filter((token) => rows.has(token)).length} sessions, ${listed.length < tokens.length ? 'fewer' : 'all'} of them listed`);
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='11 sessions, fewer of them listed'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: 11 sessions, all of them listed'
printf 'seen: %s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
