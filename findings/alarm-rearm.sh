#!/usr/bin/env bash
# One would expect an alarm() that throws to be run again: alarms are retried when the handler throws.
# In workerd 1.20261102.1 an alarm() that first sets the next alarm and then throws is not retried: the new alarm
# takes the retry's place.
# It matters to a clean-up that sets the next round first to be safe: a failed round then waits a whole period.
# Setting the next alarm last keeps the retry, as the other class here shows.
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
class Base extends DurableObject {
  arm() { return this.ctx.storage.setAlarm(Date.now() + 20); }
  next() { return this.ctx.storage.setAlarm(Date.now() + 3_600_000); }
  runs = 0;
  fail() { if (++this.runs === 1) throw new Error('first run fails'); }
  async state() { return { runs: this.runs, armed: (await this.ctx.storage.getAlarm()) - Date.now() > 3_000_000 }; }
}
export class Last extends Base { async alarm() { this.fail(); await this.next(); } }
export class First extends Base { async alarm() { await this.next(); this.fail(); } }
export default { async fetch(request, env) {
  const stubs = [env.LAST.getByName('a'), env.FIRST.getByName('a')];
  if (request.method === 'POST') await Promise.all(stubs.map((stub) => stub.arm()));
  return Response.json(await Promise.all(stubs.map((stub) => stub.state())));
} };
JS
cat >run.mjs <<'JS'
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { setTimeout as wait } from 'node:timers/promises';
const objects = { LAST: { className: 'Last', useSQLite: true }, FIRST: { className: 'First', useSQLite: true } };
const mf = new Miniflare(convertV4MiniflareOptions({
  modules: true, scriptPath: 'worker.mjs', compatibilityDate: '2026-11-01', durableObjects: objects, cf: false }));
let [last, first] = await (await mf.dispatchFetch('http://localhost/', { method: 'POST' })).json();
for (let n = 0; n < 40 && last.runs < 2; n++) {
  await wait(250);
  [last, first] = await (await mf.dispatchFetch('http://localhost/')).json();
}
await wait(1500);
[last, first] = await (await mf.dispatchFetch('http://localhost/')).json();
console.log(`throws, then sets the next alarm: ${last.runs} runs, next in an hour: ${last.armed}`);
console.log(`sets the next alarm, then throws: ${first.runs} runs, next in an hour: ${first.armed}`);
await mf.dispose();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='throws, then sets the next alarm: 2 runs, next in an hour: true
sets the next alarm, then throws: 1 runs, next in an hour: true'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: both handlers run a second time about two seconds after the throw'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
