#!/usr/bin/env bash
# One would expect a cookie that a handler or a middleware sets to be sent, whether or not the browser has the page already:
# browsers store the cookies of a 304, and Express and SvelteKit send them.
# Hono 4.13.19's etag() drops every Set-Cookie of the response that it turns into a 304. The page of hono.dev about it
# (hono.dev/docs/middleware/builtin/etag) lists the headers that stay, and does not say that cookies go.
# Its place does not help: a cookie set before next() is lost both ways. One that an outer middleware sets after next() is sent,
# and so is any other with 'set-cookie' in retainedHeaders.
# It matters to a session that is renewed or gets a new token as it is used: a visitor who reads pages that have not changed
# never gets it, and is signed out. A test without If-None-Match passes.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error hono@4.13.19 >/dev/null
cat >run.mjs <<'JS'
import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { etag, RETAINED_304_HEADERS } from 'hono/etag';
const before = async (c, next) => { setCookie(c, 'session', 'renewed'); await next(); };
const after = async (c, next) => { await next(); setCookie(c, 'session', 'renewed'); };
const retaining = etag({ retainedHeaders: [...RETAINED_304_HEADERS, 'set-cookie'] });
const orders = {
  'etag, then a cookie before next()': [etag(), before],
  'etag, then a cookie after next()': [etag(), after],
  'a cookie before next(), then etag': [before, etag()],
  'a cookie after next(), then etag': [after, etag()],
  'etag with retainedHeaders': [retaining, before],
};
for (const [name, middleware] of Object.entries(orders)) {
  const app = new Hono().use(...middleware).get('/', (c) => c.text('page'));
  const first = await app.request('/');
  const second = await app.request('/', { headers: { 'if-none-match': first.headers.get('etag') } });
  const cookies = [first, second].map((response) => `${response.status} ${response.headers.getSetCookie().length}`);
  console.log(`${name}: ${cookies.join(', ')}`);
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='etag, then a cookie before next(): 200 1, 304 0
etag, then a cookie after next(): 200 1, 304 0
a cookie before next(), then etag: 200 1, 304 0
a cookie after next(), then etag: 200 1, 304 1
etag with retainedHeaders: 200 1, 304 1'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: one cookie with the 304 too, each time'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
