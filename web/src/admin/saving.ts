import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useActions } from '../mail/actions';

/** One change of the administration: when it is done, what is listed under that key is read again, people are told, and the dialog closes. */
export function useSaving(key: readonly string[], onClose: () => void, done: string) {
  const queryClient = useQueryClient();
  const { tell } = useActions();
  return useMutation({
    mutationFn: (act: () => Promise<void>) => act(),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: key });
      tell(done);
      onClose();
    },
  });
}
