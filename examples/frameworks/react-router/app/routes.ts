import { index, route, type RouteConfig } from '@react-router/dev/routes'

export default [
  index('routes/home.tsx'),
  route('state', 'routes/state.ts'),
  route('sign-in', 'routes/sign-in.ts'),
  route('count', 'routes/count.ts'),
  route('put', 'routes/put.ts'),
  route('thrown', 'routes/thrown.ts'),
  route('stream', 'routes/stream.tsx'),
  route('sign-out', 'routes/sign-out.ts'),
  route('sign-out-everywhere', 'routes/sign-out-everywhere.ts'),
] satisfies RouteConfig
