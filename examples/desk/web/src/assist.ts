/** Live assist, where the desk has it. Without it the page neither loads nor says anything of it. */
import { useQuery } from '@tanstack/react-query';
import { useMe } from './state';

/** Its parts; `null` without it, and until they are loaded. */
export function useAssist() {
  const { data: me } = useMe();
  const { data } = useQuery({ queryKey: ['assist'], queryFn: () => import('./features/assist'), enabled: Boolean(me?.assist), staleTime: Infinity, gcTime: Infinity, structuralSharing: false });
  return data ?? null;
}
