#!/usr/bin/env bash
# One would expect that a middleware which assigns a new Response to c.res sends that Response.
# Hono 4.13.19 merges in the previous response's headers: if that one had a Set-Cookie, every Set-Cookie of the
# new one is dropped.
# If it had none, the new one's cookie is sent, so a test on a plain route passes.
# It matters to a session middleware that wraps the response: the session cookie is lost on exactly the routes
# that set another cookie.
# c.header with append keeps both.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error hono@4.13.19 >/dev/null
cat >run.mjs <<'JS'
import { Hono } from 'hono';
const assign = async (c, next) => {
  await next();
  const copy = new Response(c.res.body, c.res);
  copy.headers.append('Set-Cookie', 'session=1');
  c.res = copy;
};
const append = async (c, next) => {
  await next();
  c.header('Set-Cookie', 'session=1', { append: true });
};
for (const [name, middleware] of Object.entries({ assign, append })) {
  const app = new Hono().use(middleware)
    .get('/plain', () => new Response('ok'))
    .get('/theme', () => new Response('ok', { headers: { 'Set-Cookie': 'theme=dark' } }));
  for (const path of ['/plain', '/theme']) {
    console.log(`${name} ${path}: ${(await app.request(path)).headers.getSetCookie().join(', ')}`);
  }
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='assign /plain: session=1
assign /theme: theme=dark
append /plain: session=1
append /theme: theme=dark, session=1'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: the session cookie is sent on every route'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
