#!/usr/bin/env bash
# One would expect that a test in workerd which calls a Durable Object a second time needs nothing but that object: its class was
# loaded by the first call.
# @cloudflare/vitest-plugin 1.5.0 imports the Worker's main module again at every call of an object, and at every request to the
# Worker. The module is not evaluated again, but each import asks Vite's process, over the pool's socket, whether it is unchanged:
# 10 calls are 10 such questions, besides the call itself.
# It matters to suites with many calls: the answers come from one process, which the runtimes beside each other share.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir WRANGLER_SEND_METRICS=false CLOUDFLARE_CF_FETCH_ENABLED=false
echo '{"private":true,"type":"module"}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 @cloudflare/vitest-plugin@1.5.0 vitest@5.0.5 >/dev/null
cat >worker.js <<'JS'
import { DurableObject } from 'cloudflare:workers';
export class Counter extends DurableObject { add() { return 1; } }
export default { fetch: () => new Response('ok') };
JS
cat >vitest.config.js <<'JS'
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
const durableObjects = { COUNTER: { className: 'Counter', useSQLite: true } };
export default defineConfig({
  plugins: [cloudflareTest({ main: './worker.js', miniflare: { compatibilityDate: '2026-11-01', durableObjects } })],
});
JS
cat >calls.test.js <<'JS'
import { env, exports } from 'cloudflare:workers';
import { test } from 'vitest';
test('calls', async () => {
  const { transport } = globalThis.__vitest_mocker__.moduleRunner;
  const { invoke } = transport;
  let asked = 0;
  transport.invoke = function (name, data) {
    if (name === 'fetchModule' && data[0] === '/worker.js') asked += 1;
    return Reflect.apply(invoke, this, [name, data]);
  };
  const stub = env.COUNTER.getByName('one');
  const kinds = { object: () => stub.add(), Worker: async () => (await exports.default.fetch('https://x.example/')).text() };
  for (const [kind, call] of Object.entries(kinds)) {
    await call();
    asked = 0;
    for (let count = 0; count < 10; count += 1) await call();
    console.log(`seen: ${asked} questions for 10 calls of the ${kind}`);
  }
});
JS
PATH=$dir/node_modules/.bin:$PATH timeout 180 npx vitest run >log 2>&1 || { cat log >&2; exit 1; }
seen=$(sed 's/\x1b\[[0-9;]*m//g' log | grep -o 'seen: .*')
before='seen: 10 questions for 10 calls of the object
seen: 10 questions for 10 calls of the Worker'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: seen: 0 questions for 10 calls'
echo "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
