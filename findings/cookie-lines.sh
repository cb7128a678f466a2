#!/usr/bin/env bash
# One would expect two Cookie header lines of one request to be joined by a semicolon, as HTTP/2 asks and as Node
# 24 does.
# workerd 1.20261102.1 joins them by a comma: a cookie parser (here Hono 4.13.19) then reads one cookie "a" with
# the value "1, b=2", and no "b".
# headers.append("cookie", ...) differs in the same way between the two.
# It matters to tests and tools that add a second cookie to a request: the session seems to be missing in workerd,
# and is there in Node.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 miniflare@5.20261102.0-beta workerd@1.20261102.1 hono@4.13.19 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >worker.mjs <<'JS'
export default { fetch(request) {
  const made = new Headers({ cookie: 'a=1' });
  made.append('cookie', 'b=2');
  return Response.json([request.headers.get('cookie'), made.get('cookie')]);
} };
JS
cat >run.mjs <<'JS'
import { Miniflare, convertV4MiniflareOptions } from 'miniflare';
import { parse } from 'hono/utils/cookie';
import http from 'node:http';
import net from 'node:net';
const send = (port) => new Promise((resolve, reject) => {
  let answer = '';
  net.connect(port, '127.0.0.1')
    .on('data', (chunk) => { answer += chunk; }).on('error', reject)
    .on('end', () => { resolve(JSON.parse(answer.slice(answer.indexOf('["'), answer.indexOf('"]') + 2))); })
    .write('GET / HTTP/1.1\r\nHost: localhost\r\nCookie: a=1\r\nCookie: b=2\r\nConnection: close\r\n\r\n');
});
function show(name, [lines, appended]) {
  console.log(`${name}, two lines: ${lines} -> ${JSON.stringify(parse(lines))}`);
  console.log(`${name}, append: ${appended} -> ${JSON.stringify(parse(appended))}`);
}
const mf = new Miniflare(convertV4MiniflareOptions({
  modules: true, scriptPath: 'worker.mjs', compatibilityDate: '2026-11-01', cf: false }));
show('workerd', await send((await mf.ready).port));
await mf.dispose();
const server = http.createServer((request, response) => {
  const made = new Headers({ cookie: 'a=1' });
  made.append('cookie', 'b=2');
  response.end(JSON.stringify([request.headers.cookie, made.get('cookie')]));
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
show('node', await send(server.address().port));
server.close();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='workerd, two lines: a=1, b=2 -> {"a":"1, b=2"}
workerd, append: a=1, b=2 -> {"a":"1, b=2"}
node, two lines: a=1; b=2 -> {"a":"1","b":"2"}
node, append: a=1; b=2 -> {"a":"1","b":"2"}'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
echo 'expected: a and b are two cookies everywhere'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
