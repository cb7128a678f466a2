#!/usr/bin/env bash
# One would expect <meta http-equiv=refresh content=0> to load its page again, whatever the address of the page is.
# At an address with a fragment (/page#part) Chromium 156 sends no request: it goes to #part in the page that is there.
# HTML says so: the refresh navigates to the document's own address, and navigating to an address that is equal but for
# a fragment, which is not null, only moves within the document (HTML, navigate).
# It matters to a server that answers by a page that reloads: its visitors come by links to a place in a page, too, and
# would see the empty page for ever. A refresh to the address without the fragment loads. Needs Chromium on the machine.
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
// The first answer is a page that loads itself again.
let requests = 0;
const server = createServer(({ url }, response) => {
  response.setHeader('content-type', 'text/html');
  if (!url.startsWith('/page')) return response.end();
  requests += 1;
  const refresh = url === '/page?named' ? '0;url=./page?named' : '0';
  const again = requests === 1 ? `<meta http-equiv=refresh content="${refresh}">` : '';
  response.end(`${again}<p>page</p>`);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
console.error(`chromium ${browser.version()}`);
const page = await browser.newPage();
for (const path of ['/page', '/page#part', '/page?named#part']) {
  requests = 0;
  await page.goto('about:blank');
  await page.goto(`http://127.0.0.1:${server.address().port}${path}`);
  await page.waitForTimeout(3000);
  console.log(`${path}: ${requests}`);
}
await browser.close();
server.close();
JS
seen=$(timeout 120 node run.mjs 2>log) || { cat log >&2; exit 1; }
before='/page: 2
/page#part: 1
/page?named#part: 2'
npm ls --depth=0 | sed '1d;/extraneous/d;/^$/d'
cat log
echo 'expected: two requests for each'
printf 'seen:\n%s\n' "$seen"
[ "$seen" = "$before" ] || { printf 'CHANGED. Seen before:\n%s\n' "$before" >&2; exit 1; }
