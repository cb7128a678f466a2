/** The commands that the walk does not run, and why not. A command that is in no line is run. */
export const NOT_RUN: readonly (readonly [command: RegExp, reason: string])[] = [
  [
    /\bwrangler (secret put|deploy)\b/,
    'It needs an account of Cloudflare. What is piped into it is run.',
  ],
  [/^npm install$/, 'In a clone, the dependencies of this repository are linked.'],
  [/^npm test$/, 'It is the gate, and takes minutes.'],
  [
    /^npm install --save-dev /,
    'The registry is not asked: packages of this repository are linked.',
  ],
  [/^chromium /, 'It opens a window. The browser tests start Chromium with the same options.'],
  [/\bstart -- --https$/, 'The browser tests run it: a certificate has to be trusted first.'],
  [
    /\bwrangler dev --\w/,
    'It needs a domain, or a certificate to be trusted. wrangler dev itself is run.',
  ],
  [/\b(bun|deno|node) [\w -=]*\w+\.ts$/, 'test/long/runtimes.test.ts runs it, in each runtime.'],
]
