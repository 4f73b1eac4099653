// Who is logged in, as the whole panel knows it.
import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { fetchMe } from '../api';
import { keepReturn, readReturn } from '../early';
import { dropKept, restoreKept } from '../lib/kept';

export const meKey = ['me'] as const;
/** True once a session ended by itself, until the next log-in. */
export const expiredKey = ['expired'] as const;

export const meQuery = queryOptions({
  queryKey: meKey,
  queryFn: async ({ client }) => {
    try {
      const me = await fetchMe();
      if (me === null) {
        keepReturn(null);
      }
      return me;
    } catch (error) {
      const kept = restoreKept(client);
      if (kept) {
        return kept;
      }
      throw error;
    }
  },
  // The frame is drawn for whoever was here last while the server is asked; mail comes only from the server.
  placeholderData: () => readReturn()?.me,
  staleTime: Infinity,
});

export function useMe() {
  return useQuery(meQuery);
}

/** The server knows this session no more: the log-in page takes the place of what is on screen. */
export function endSession(queryClient: QueryClient): void {
  dropKept();
  keepReturn(null);
  queryClient.setQueryData(expiredKey, true);
  queryClient.setQueryData(meKey, null);
}
