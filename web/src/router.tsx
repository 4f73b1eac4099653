// The addresses of the panel: /mail/<mailbox>/<message>. Log-in has none: it stands before whatever was asked for.
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { MailPage } from './mail/MailPage';
import { Gate } from './shell/Gate';

const rootRoute = createRootRoute({ component: Gate, notFoundComponent: () => null });

const toInbox = () => redirect({ to: '/mail/$box', params: { box: 'inbox' }, replace: true });

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw toInbox();
  },
});

const mailRoute = createRoute({ getParentRoute: () => rootRoute, path: '/mail/$box', component: MailPage });

const emailRoute = createRoute({ getParentRoute: () => mailRoute, path: '$email', component: () => null });

const strayRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '$',
  beforeLoad: () => {
    throw toInbox();
  },
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([indexRoute, mailRoute.addChildren([emailRoute]), strayRoute]),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
