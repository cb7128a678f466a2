import { defineHandler } from 'nitro/h3'

import { useEdgeSession } from '../sessions'

export default defineHandler(async (event) => ({
  count: await useEdgeSession(event).increment('count'),
}))
