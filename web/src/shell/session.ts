// Who is logged in, as the whole panel knows it.
import { queryOptions, useQuery, type QueryClient } from '@tanstack/react-query';
import { fetchMe } from '../api';
import { dropKept, restoreKept } from '../lib/kept';

export const meKey = ['me'] as const;
/** True once a session ended by itself, until the next log-in. */
export const expiredKey = ['expired'] as const;

export const meQuery = queryOptions({
  queryKey: meKey,
  queryFn: async ({ client }) => {
    try {
      return await fetchMe();
    } catch (error) {
      const kept = restoreKept(client);
      if (kept) {
        return kept;
      }
      throw error;
    }
  },
  staleTime: Infinity,
});

export function useMe() {
  return useQuery(meQuery);
}

/** The server knows this session no more: the log-in page takes the place of what is on screen. */
export function endSession(queryClient: QueryClient): void {
  dropKept();
  queryClient.setQueryData(expiredKey, true);
  queryClient.setQueryData(meKey, null);
}
