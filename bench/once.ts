// Compares a `once` that returns a kept result with a plain read: npm run bench:once [-- --rounds 90]
import { compareWithRead } from './beside-read.ts'

await compareWithRead({ name: 'once, kept', source: 'once.ts', path: '/once', required: 0.85 })
