/** Every page: its path, its title, who may see it, and its chunk. */
import { BarChart3, Headset, LayoutGrid, ListTree, Settings, Users } from 'lucide-react';
import type { ComponentType } from 'react';
import type { Me, Role } from './api/types';
import { lazily } from './ui/lazily';
import type { Words } from './words/words';

export interface Page {
  path: string;
  title: (words: Words) => string;
  roles: readonly Role[];
  /** Whether it is also for whoever takes calls, in whatever role. */
  withPhone?: boolean;
  icon: ComponentType<{ 'aria-hidden'?: boolean }>;
  page: ComponentType;
}

const ALL: readonly Role[] = ['agent', 'supervisor', 'administrator'];
const LEADS: readonly Role[] = ['supervisor', 'administrator'];

export const PAGES: readonly Page[] = [
  { path: '/', title: (w) => w.navigation.desk, roles: ['agent'], withPhone: true, icon: Headset, page: lazily(() => import('./features/desk/Desk')) },
  { path: '/wallboard', title: (w) => w.navigation.wallboard, roles: LEADS, icon: LayoutGrid, page: lazily(() => import('./features/wallboard/Wallboard')) },
  { path: '/call-history', title: (w) => w.navigation.history, roles: ALL, icon: ListTree, page: lazily(() => import('./features/history/History')) },
  { path: '/my-performance', title: (w) => w.navigation.performance, roles: ['agent'], icon: BarChart3, page: lazily(() => import('./features/performance/Performance')) },
  { path: '/team', title: (w) => w.navigation.team, roles: LEADS, icon: Users, page: lazily(() => import('./features/team/Team')) },
  { path: '/admin', title: (w) => w.navigation.admin, roles: ['administrator'], icon: Settings, page: lazily(() => import('./features/admin/Admin')) },
];

type Who = Pick<Me, 'role' | 'agents'>;
export const pagesOf = ({ role, agents }: Who) => PAGES.filter(({ roles, withPhone }) => roles.includes(role) || (withPhone === true && agents.length > 0));
/** Where one begins. */
export const homeOf = (who: Who) => pagesOf(who)[0]?.path ?? '/';
