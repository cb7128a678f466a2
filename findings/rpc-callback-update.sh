#!/usr/bin/env bash
# One would expect a Durable Object to run one update at a time, as it does while it reads and writes its own
# storage.
# If update() takes a function over RPC, the object waits for the caller in the middle, and in workerd
# 1.20261102.1 other calls run meanwhile.
# Of 20 parallel increments fewer than 20 count; the same read and write in one method, even with asynchronous
# storage, counts 20.
# It matters to a session store that offers update(fn): it looks atomic and loses writes. Send what to change, not
# a function.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 miniflare@5.20261102.0-beta workerd@1.20261102.1 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >worker.mjs <<'JS'
import { DurableObject } from 'cloudflare:workers';
export class Counter extends DurableObject {
  async update(change) {
    const before = (await this.ctx.storage.get('n')) ?? 0;
    await this.ctx.storage.put('n', await change(before));
  }
  async increment() {
    const before = (await this.ctx.storage.get('n')) ?? 0;
    await this.ctx.storage.put('n', before + 1);
  }
  async value() { return await this.ctx.storage.get('n'); }
}
export default { async fetch(request, env) {
  const one = env.COUNTER.getByName('one');
  const two = env.COUNTER.getByName('two');
  await Promise.all(Array.from({ length: 20 }, () => one.update((n) => n + 1)));
  await Promise.all(Array.from({ length: 20 }, () => two.increment()));
  return Response.json([await one.value(), await two.value()]);
} };
JS
cat >run.mjs <<'JS'
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
const mf = new Miniflare(convertV4MiniflareOptions({
  modules: true, scriptPath: 'worker.mjs', compatibilityDate: '2026-11-01', cf: false,
  durableObjects: { COUNTER: { className: 'Counter', useSQLite: true } } }));
const [callback, method] = await (await mf.dispatchFetch('http://localhost/')).json();
console.error(callback);
console.log(`function over RPC: ${callback < 20 ? 'fewer than 20' : callback}`);
console.log(`one method: ${method}`);
await mf.dispose();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='function over RPC: fewer than 20
one method: 20'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: 20 parallel increments give 20, both ways'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
