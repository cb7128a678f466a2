#!/usr/bin/env bash
# One would expect a Durable Object stub that a middleware put on the request to be the same stub in the handler.
# In itty-router 5.0.24 AutoRouter gives handlers a proxy of the request, which calls bind on what it reads. A
# stub has every method name, so reading request.store makes an RPC call named "bind", which fails.
# IttyRouter gives the stub itself.
# It matters if you keep a session store's stub on the request: put it inside a plain object.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 miniflare@5.20261102.0-beta workerd@1.20261102.1 itty-router@5.0.24 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >worker.mjs <<'JS'
import { AutoRouter, IttyRouter } from './itty.mjs';
import { DurableObject } from 'cloudflare:workers';
export class Store extends DurableObject { read(key) { return `value of ${key}`; } }
const text = async (call) => { try { return new Response(await call()); } catch (error) { return new Response(error.message); } };
const add = (request, env) => {
  const stub = env.STORE.getByName('a');
  request.store = stub;
  request.kept = { stub };
};
const auto = AutoRouter({ before: [add] })
  .get('/auto', (request) => text(() => request.store.read('a')))
  .get('/auto-kept', (request) => text(() => request.kept.stub.read('a')));
const plain = IttyRouter()
  .get('/plain', add, (request) => text(() => request.store.read('a')));
export default { fetch: async (...args) => (await plain.fetch(...args)) ?? auto.fetch(...args) };
JS
cp node_modules/itty-router/index.mjs itty.mjs
cat >run.mjs <<'JS'
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
const mf = new Miniflare(convertV4MiniflareOptions({
  modules: ['worker.mjs', 'itty.mjs'].map((path) => ({ type: 'ESModule', path })),
  compatibilityDate: '2026-11-01', cf: false, durableObjects: { STORE: { className: 'Store', useSQLite: true } } }));
for (const path of ['/plain', '/auto', '/auto-kept']) {
  console.log(`${path}: ${await (await mf.dispatchFetch(`http://localhost${path}`)).text()}`);
}
await mf.dispose();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='/plain: value of a
/auto: The RPC receiver does not implement the method "bind".
/auto-kept: value of a'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: the handler reads the value in all three cases'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
