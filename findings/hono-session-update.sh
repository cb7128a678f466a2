#!/usr/bin/env bash
# One would expect update(fn) to store what fn returns: the README of @hono/session calls it a "function to update previous
# session data", and `session.data` shows the result at once.
# In @hono/session 0.2.1 that is so with a session storage. Without one, when the data is in the cookie, the result is merged
# over the old data when the cookie is made, so a key that fn leaves out is back with the next request.
# It matters to a message that is shown once, and to a test that uses a storage of its own: it passes. To remove a key, return
# it as undefined: the README does not say so.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error @hono/session@0.2.1 hono@4.13.19 >/dev/null
cat >run.mjs <<'JS'
import { Hono } from 'hono';
import { useSession, useSessionStorage } from '@hono/session';
const map = new Map();
const storage = {
  get: (id) => map.get(id) ?? null,
  set: (id, data) => { map.set(id, data); },
  delete: (id) => { map.delete(id); },
};
for (const [name, middleware] of [['storage', [useSessionStorage(storage)]], ['cookie', []]]) {
  const app = new Hono().use(...middleware, useSession({ secret: 'a secret of more than thirty-two letters' }));
  const routes = {
    '/save': () => ({ user: 'ada', message: 'Saved' }),
    '/leave-out': ({ message, ...rest }) => rest,
    '/undefined': (data) => ({ ...data, message: undefined }),
  };
  for (const [path, change] of Object.entries(routes)) {
    app.get(path, async (c) => { await c.var.session.update(change); return c.json(c.var.session.data); });
  }
  app.get('/', async (c) => c.json(await c.var.session.get()));
  let cookie = '';
  const visit = async (path) => {
    const response = await app.request(path, { headers: { cookie } });
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie;
    return response.text();
  };
  for (const path of ['/leave-out', '/undefined']) {
    await visit('/save');
    console.log(`${name}, ${path}: ${await visit(path)}, then ${await visit('/')}`);
  }
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='storage, /leave-out: {"user":"ada"}, then {"user":"ada"}
storage, /undefined: {"user":"ada"}, then {"user":"ada"}
cookie, /leave-out: {"user":"ada"}, then {"user":"ada","message":"Saved"}
cookie, /undefined: {"user":"ada"}, then {"user":"ada"}'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: the message is gone in all four cases'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
