/** A rule in wrangler.toml imports the browser's scripts into the Worker as text. */
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

/** The used part of Node's module, which Workers have too. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, callback: () => R): R
    getStore(): T | undefined
  }
}
