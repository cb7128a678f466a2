#!/usr/bin/env bash
# One would expect `response.cookies.set` to leave the other cookies of the response as they are: Next.js says that NextResponse
# "extends the Web Response API" and that `set` sets the cookie of that name (nextjs.org/docs/app/api-reference/functions/next-response).
# In Next.js 16.4.6 it parses all Set-Cookie headers and writes them anew, and its parser, @edge-runtime/cookies 6.0.0, leaves out
# every attribute whose value is false or 0: `Max-Age=0` is lost. The header that should delete a cookie makes it an empty cookie.
# It matters to a sign-out by Hono, or by any library that deletes a cookie by Max-Age alone, and even by `cookies.set` with
# maxAge: 0, if the response is copied and gets one more cookie: `cookies().has('sid')` stays true. A date in `Expires` is kept.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir NEXT_TELEMETRY_DISABLED=1
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error --omit=optional node@24.21.0 next@16.4.6 react@19.3.1 react-dom@19.3.1 \
  @edge-runtime/cookies@6.0.0 hono@4.13.19 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >run.mjs <<'JS'
import { NextResponse } from 'next/server.js';
import { ResponseCookies } from '@edge-runtime/cookies';
import { Hono } from 'hono';
import { deleteCookie } from 'hono/cookie';
const app = new Hono().get('/', (c) => { deleteCookie(c, 'sid'); return c.text('out'); });
const next = new NextResponse('out');
next.cookies.set('sid', '', { maxAge: 0 });
const signedOut = {
  'deleteCookie of Hono': await app.request('/'),
  'cookies.set, maxAge: 0': next,
  'Expires in 1970': new Response('out', { headers: { 'set-cookie': 'sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT' } }),
};
for (const [name, response] of Object.entries(signedOut)) {
  const copy = new NextResponse(response.body, response);
  copy.cookies.set('theme', 'dark');
  const headers = new Headers(response.headers);
  new ResponseCookies(headers).set('theme', 'dark');
  console.log(name);
  console.log(`  before:                ${response.headers.getSetCookie()[0]}`);
  console.log(`  next:                  ${copy.headers.getSetCookie()[0]}`);
  console.log(`  @edge-runtime/cookies: ${headers.getSetCookie()[0]}`);
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='deleteCookie of Hono
  before:                sid=; Max-Age=0; Path=/
  next:                  sid=; Path=/
  @edge-runtime/cookies: sid=; Path=/
cookies.set, maxAge: 0
  before:                sid=; Path=/; Max-Age=0
  next:                  sid=; Path=/
  @edge-runtime/cookies: sid=; Path=/
Expires in 1970
  before:                sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT
  next:                  sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT
  @edge-runtime/cookies: sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: after theme was set, the Set-Cookie of sid still deletes it'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
