import { scheduler } from 'node:timers/promises'

Object.assign(globalThis, { scheduler: { wait: (time: number) => scheduler.wait(time) } })
