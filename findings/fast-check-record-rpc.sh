#!/usr/bin/env bash
# One would expect objects made by fc.record to be plain objects that go wherever JSON goes.
# fast-check 4.11.0 gives some of them no prototype. Durable Object RPC in workerd 1.20261102.1 refuses those
# (DataCloneError); structuredClone, the object's own storage and JSON take them.
# It matters to property tests of a session store: as JSON the counterexample looks like any other value.
# With noNullPrototype: true the same property passes; cookies parsed by Hono 4.13.19 are refused too.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 miniflare@5.20261102.0-beta workerd@1.20261102.1 fast-check@4.11.0 esbuild@0.28.2 hono@4.13.19 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >worker.mjs <<'JS'
import { DurableObject } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { parse } from 'hono/utils/cookie';
export class Store extends DurableObject {
  echo(value) { return value; }
  keep() { this.ctx.storage.kv.put('a', Object.assign(Object.create(null), { n: 1 })); return this.ctx.storage.kv.get('a'); }
}
const attempt = async (call) => { try { return JSON.stringify(await call()); } catch (error) { return error.name; } };
export default { async fetch(request, env) {
  const stub = env.STORE.getByName('a');
  const lines = [];
  for (const noNullPrototype of [false, true]) {
    const record = fc.record({ user: fc.string() }, { noNullPrototype });
    const result = await fc.check(fc.asyncProperty(record, async (value) => { await stub.echo(value); }), { seed: 1 });
    const why = result.failed ? `fails, ${result.errorInstance.name}, counterexample ${JSON.stringify(result.counterexample)}` : 'passes';
    lines.push(`noNullPrototype ${noNullPrototype}: ${why}`);
  }
  const bare = Object.assign(Object.create(null), { n: 1 });
  lines.push(`RPC: ${await attempt(() => stub.echo(bare))}`, `structuredClone: ${await attempt(() => structuredClone(bare))}`);
  lines.push(`storage.kv: ${await attempt(() => stub.keep())}`, `JSON: ${await attempt(() => JSON.parse(JSON.stringify(bare)))}`);
  lines.push(`cookies parsed by Hono over RPC: ${await attempt(() => stub.echo(parse('a=1')))}`);
  return new Response(lines.join('\n'));
} };
JS
esbuild worker.mjs --bundle --format=esm --external:cloudflare:workers --outfile=bundle.mjs --log-level=error
cat >run.mjs <<'JS'
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
const mf = new Miniflare(convertV4MiniflareOptions({
  modules: true, scriptPath: 'bundle.mjs', compatibilityDate: '2026-11-01', cf: false,
  durableObjects: { STORE: { className: 'Store', useSQLite: true } } }));
console.log(await (await mf.dispatchFetch('http://localhost/')).text());
await mf.dispose();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='noNullPrototype false: fails, DataCloneError, counterexample [{"user":""}]
noNullPrototype true: passes
RPC: DataCloneError
structuredClone: {"n":1}
storage.kv: {"n":1}
JSON: {"n":1}
cookies parsed by Hono over RPC: DataCloneError'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: every record crosses RPC'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
