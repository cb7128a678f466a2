/** The Worker of the tests, test/worker.ts, which only the bundle has: its types are those of workerd. */
declare module 'cloudflare:worker-of-the-tests' {
  const handler: { readonly fetch: (...parameters: unknown[]) => unknown }
  export default handler
}
