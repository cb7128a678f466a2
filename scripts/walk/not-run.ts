/** The commands that the walk does not run, and why not. A command that is in no line is run. */
export const NOT_RUN: readonly (readonly [command: RegExp, reason: string])[] = [
  [
    /\bwrangler (secret put|deploy)\b/,
    'It needs an account of Cloudflare. What is piped into it is run.',
  ],
  [/^npm install$/, 'In a clone, the dependencies of this repository are linked.'],
  [/^npm test$/, 'It is the gate, and takes minutes.'],
  [/^chromium /, 'It opens a window. The browser tests start Chromium with the same options.'],
]
