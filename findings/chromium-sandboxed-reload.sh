#!/usr/bin/env bash
# One would expect a page that loads its own address again, by a meta refresh, to be a request of its own site: that is
# Sec-Fetch-Site: same-origin, whoever has linked to the page.
# It is in a usual tab. In a tab that was opened from a sandboxed frame, the sandbox comes along, the page has an
# opaque origin, and Chromium 156 sends cross-site for each reload, with the SameSite=Lax cookies.
# It matters to a server that answers a cross-site navigation by a page that reloads, so that the request becomes its
# own: without a count this page reloads for ever. Needs Chromium on the machine.
set -euo pipefail
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  { echo 'skipped: there is no Chromium on this machine'; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export TMPDIR=$dir CHROMIUM=$chromium
echo '{"private":true}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 playwright-core@1.65.1 >/dev/null
export PATH=$dir/node_modules/.bin:$PATH
cat >run.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';
// The page reloads itself three times, and says in its requests from where.
let seen = [];
const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  const port = server.address().port;
  const link = `<a target='_blank' href='http://app.localhost:${port}/page'>link</a>`;
  if (request.url === '/page') {
    const hasCookie = (request.headers.cookie ?? '').includes('a=1');
    seen.push(`${request.headers['sec-fetch-site']}${hasCookie ? ' with the cookie' : ''}`);
    const again = seen.length < 4 ? '<meta http-equiv=refresh content=0>' : '';
    return response.end(`${again}<p id=n${seen.length}>page</p>`);
  }
  if (request.url === '/cookie') response.setHeader('set-cookie', 'a=1; SameSite=Lax');
  const frame = `<iframe sandbox="allow-scripts allow-popups" srcdoc="${link}"></iframe>`;
  response.end(request.url === '/frame' ? frame : link);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const at = (host, path) => `http://${host}:${server.address().port}${path}`;
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
console.error(`chromium ${browser.version()}`);
for (const path of ['/link', '/frame']) {
  seen = [];
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(at('app.localhost', '/cookie'));
  await page.goto(at('other.localhost', path));
  const opened = context.waitForEvent('page');
  await (path === '/frame' ? page.frameLocator('iframe') : page).locator('a').click();
  await (await opened).locator('#n4').waitFor();
  console.log(`${path}: ${seen.join(', ')}`);
}
await browser.close();
server.close();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
cookie='with the cookie'
before="/link: cross-site $cookie, same-origin $cookie, same-origin $cookie, same-origin $cookie
/frame: cross-site $cookie, cross-site $cookie, cross-site $cookie, cross-site $cookie"
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
cat log
echo 'expected: same-origin from the second request on, both ways'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
