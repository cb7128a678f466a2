// Compares a read behind `requireBound`, with a valid cookie of the device, with a plain read: npm run bench:bound [-- --rounds 90]
import { compareWithRead } from './beside-read.ts'

await compareWithRead({ name: 'bound', source: 'bound.ts', path: '/bound', required: 0.93 })
