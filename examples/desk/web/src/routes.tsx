/** Every page: its path, its title, who may see it, and its chunk. */
import { BarChart3, Headset, LayoutGrid, ListTree, Settings, Users } from 'lucide-react';
import { lazy, type ComponentType } from 'react';
import type { Role } from './api/types';
import type { Words } from './words/words';

export interface Page {
  path: string;
  title: (words: Words) => string;
  roles: readonly Role[];
  icon: ComponentType<{ 'aria-hidden'?: boolean }>;
  page: ComponentType;
}

const ALL: readonly Role[] = ['agent', 'supervisor', 'administrator'];
const LEADS: readonly Role[] = ['supervisor', 'administrator'];

export const PAGES: readonly Page[] = [
  { path: '/', title: (w) => w.navigation.desk, roles: ['agent'], icon: Headset, page: lazy(() => import('./features/desk/Desk')) },
  { path: '/wallboard', title: (w) => w.navigation.wallboard, roles: LEADS, icon: LayoutGrid, page: lazy(() => import('./features/wallboard/Wallboard')) },
  { path: '/call-history', title: (w) => w.navigation.history, roles: ALL, icon: ListTree, page: lazy(() => import('./features/history/History')) },
  { path: '/my-performance', title: (w) => w.navigation.performance, roles: ['agent'], icon: BarChart3, page: lazy(() => import('./features/performance/Performance')) },
  { path: '/team', title: (w) => w.navigation.team, roles: LEADS, icon: Users, page: lazy(() => import('./features/team/Team')) },
  { path: '/admin', title: (w) => w.navigation.admin, roles: ['administrator'], icon: Settings, page: lazy(() => import('./features/admin/Admin')) },
];

export const pagesOf = (role: Role) => PAGES.filter(({ roles }) => roles.includes(role));
/** Where a role begins. */
export const homeOf = (role: Role) => pagesOf(role)[0]?.path ?? '/';
