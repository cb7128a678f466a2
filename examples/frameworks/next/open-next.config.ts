import { defineCloudflareConfig } from '@opennextjs/cloudflare'

// The script `build` is that of the whole; OpenNext calls this one for Next's part.
export default { ...defineCloudflareConfig(), buildCommand: 'next build' }
