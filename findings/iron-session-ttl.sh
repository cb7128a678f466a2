#!/usr/bin/env bash
# One would expect a longer ttl to give the cookie a longer life.
# In iron-session 9.0.1 the cookie gets Max-Age = ttl - 60, but only if ttl is above 60: ttl 60 gives 60, and ttl
# 61 gives 1.
# With ttl 0 the cookie asks for 68 years.
# It matters to tests and to sessions of a minute or two: 90 seconds in the code are 30 seconds in the browser.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 iron-session@9.0.1 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >run.mjs <<'JS'
import { getIronSession } from 'iron-session';
const password = 'p'.repeat(32);
for (const ttl of [30, 60, 61, 90, 120, 0]) {
  const response = new Response();
  const session = await getIronSession(new Request('http://localhost/'), response, { password, cookieName: 's', ttl });
  session.user = 'ada';
  await session.save();
  console.log(`ttl ${ttl}: ${/Max-Age=\d+/.exec(response.headers.get('set-cookie'))[0]}`);
}
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='ttl 30: Max-Age=30
ttl 60: Max-Age=60
ttl 61: Max-Age=1
ttl 90: Max-Age=30
ttl 120: Max-Age=60
ttl 0: Max-Age=2147483647'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: Max-Age grows with ttl'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
