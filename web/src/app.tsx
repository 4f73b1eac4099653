// Providers from the outside in: theme, data, crash screen, routes.
import { MantineProvider } from '@mantine/core';
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useState } from 'react';
import { keepReturn } from './early';
import { Fault } from './jmap/client';
import { client, keys } from './jmap/mail';
import { keepOnLeave } from './lib/kept';
import { pageNonce } from './lib/nonce';
import { router } from './router';
import { Crash } from './shell/Crash';
import { endSession, meKey } from './shell/session';
import { cssVariablesResolver, theme } from './style/theme';
import { warmUp } from './warm';

const NETWORK_TRIES = 2;

function createQueryClient(): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      // A session that ended shows the log-in page in place; the address stays, so the person comes back to it.
      onError: (error) => {
        if (error instanceof Fault && error.kind === 'unauthorised') {
          endSession(queryClient);
        }
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        // "online" of the browser is a guess; the request itself is the proof.
        networkMode: 'always',
        // Without a network the return of the line asks again (Gate.tsx, useSync.ts); waiting for a try that must fail helps nobody.
        retry: (tries, error) => navigator.onLine && error instanceof Fault && error.kind === 'network' && tries < NETWORK_TRIES,
      },
    },
  });
  keepOnLeave(queryClient, meKey);
  client.onOther = () => {
    keepReturn(null);
    void queryClient.invalidateQueries({ queryKey: keys.all });
  };
  warmUp(queryClient, location.pathname);
  return queryClient;
}

export function App() {
  const [queryClient] = useState(createQueryClient);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
      getStyleNonce={pageNonce}
    >
      <Crash>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </Crash>
    </MantineProvider>
  );
}
