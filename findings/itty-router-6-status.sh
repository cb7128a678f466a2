#!/usr/bin/env bash
# One would expect itty-router 6 to do all that itty-router 5 does.
# 6.0.0 was published after 5.0.24, and npm marks it as deprecated; the tag "latest" is 5.0.24.
# With 6.0.0 corsify loses the status: a sign-in that answers 303 with a Set-Cookie comes out as 200, and so does
# a 401.
# It matters to anyone who moves to version 6: the cookie and the body are as before, so only the status shows it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error itty5@npm:itty-router@5.0.24 itty6@npm:itty-router@6.0.0 >/dev/null
cat >run.mjs <<'JS'
for (const name of ['itty5', 'itty6']) {
  const { AutoRouter, cors, error } = await import(name);
  const { preflight, corsify } = cors();
  const router = AutoRouter({ before: [preflight], finally: [corsify] });
  router.post('/sign-in', () => new Response(null, { status: 303, headers: { Location: '/home', 'Set-Cookie': 'sid=1' } }));
  router.get('/account', () => error(401));
  const origin = { headers: { Origin: 'http://app.example' } };
  const signIn = await router.fetch(new Request('http://localhost/sign-in', { ...origin, method: 'POST' }));
  const account = await router.fetch(new Request('http://localhost/account', origin));
  console.log(`${name}: 303 -> ${signIn.status}, Location ${signIn.headers.get('location')}, ${signIn.headers.get('set-cookie')}`);
  console.log(`${name}: 401 -> ${account.status} ${await account.text()}`);
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='itty5: 303 -> 303, Location /home, sid=1
itty5: 401 -> 401 {"status":401,"error":"Unauthorized"}
itty6: 303 -> 200, Location /home, sid=1
itty6: 401 -> 200 {"status":401,"error":"Unauthorized"}'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: corsify keeps the status in both versions'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
