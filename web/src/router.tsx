// The addresses of the panel: /mail/<mailbox>/<message>, /mail/search?q=, /settings/<page>. Log-in has none: it stands
// before whatever was asked for.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { MailPage } from './mail/MailPage';
import { Gate } from './shell/Gate';
import { Shell } from './shell/Shell';

const rootRoute = createRootRoute({ component: Gate, notFoundComponent: () => null });

const toInbox = () => redirect({ to: '/mail/$box', params: { box: 'inbox' }, replace: true });

const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: 'shell', component: Shell });

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw toInbox();
  },
});

const mailRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/mail/$box',
  component: MailPage,
  validateSearch: (search: Record<string, unknown>): { q?: string } =>
    search['q'] === undefined ? {} : { q: String(search['q']).slice(0, 500) },
});

const emailRoute = createRoute({ getParentRoute: () => mailRoute, path: '$email', component: () => null });

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings/$page',
  component: lazyRouteComponent(() => import('./admin/Settings')),
});

const strayRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '$',
  beforeLoad: () => {
    throw toInbox();
  },
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    indexRoute,
    shellRoute.addChildren([mailRoute.addChildren([emailRoute]), settingsRoute]),
    strayRoute,
  ]),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
