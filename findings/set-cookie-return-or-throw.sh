#!/usr/bin/env bash
# One would expect that a cookie set by the framework's own helper is sent, whichever way the handler ends.
# Hono 4.13.19 drops it if the handler returns its own Response, and keeps it if the handler throws.
# h3 2.0.8 does the opposite. Elysia 1.4.30 keeps it both times.
# It matters to a session that is renewed in a handler: the new cookie may never reach the browser, and code moved
# to another framework fails in another place.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error hono@4.13.19 h3@2.0.8 elysia@1.4.30 >/dev/null
cat >run.mjs <<'JS'
import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { HTTPException } from 'hono/http-exception';
import { H3, HTTPError, setCookie as setH3Cookie } from 'h3';
import { Elysia } from 'elysia';
const own = () => new Response('own');
const hono = new Hono()
  .get('/return', (c) => { setCookie(c, 'sid', '1'); return own(); })
  .get('/throw', (c) => { setCookie(c, 'sid', '1'); throw new HTTPException(401); });
const h3 = new H3()
  .get('/return', (event) => { setH3Cookie(event, 'sid', '1'); return own(); })
  .get('/throw', (event) => { setH3Cookie(event, 'sid', '1'); throw new HTTPError({ status: 401 }); });
const elysia = new Elysia()
  .get('/return', ({ cookie }) => { cookie.sid.value = '1'; return own(); })
  .get('/throw', ({ cookie, status }) => { cookie.sid.value = '1'; throw status(401); });
const apps = { hono: (r) => hono.fetch(r), h3: (r) => h3.fetch(r), elysia: (r) => elysia.handle(r) };
for (const [name, send] of Object.entries(apps)) {
  for (const end of ['return', 'throw']) {
    const response = await send(new Request(`http://localhost/${end}`));
    console.log(`${name} ${end}: ${response.status} ${response.headers.getSetCookie().join(', ') || 'no cookie'}`);
  }
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='hono return: 200 no cookie
hono throw: 401 sid=1; Path=/
h3 return: 200 sid=1; Path=/
h3 throw: 401 no cookie
elysia return: 200 sid=1; Path=/
elysia throw: 401 sid=1; Path=/'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: sid=1 is sent in all six cases'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
