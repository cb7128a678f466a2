/** The browser's scripts come into the Worker as texts, by a rule of wrangler.toml. */
declare module '*/client/playground.js' {
  const text: string
  export default text
}
declare module '*/client/countdown.js' {
  const text: string
  export default text
}
declare module '*/client/live.js' {
  const text: string
  export default text
}
declare module '*/client/lab.js' {
  const text: string
  export default text
}

/** What is used here of Node's module, which Workers have, too. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, callback: () => R): R
    getStore(): T | undefined
  }
}
