import { ContextMenu as BaseContext } from '@base-ui/react/context-menu';
import { Menu as Base } from '@base-ui/react/menu';
import type { ReactElement, ReactNode } from 'react';

export interface MenuItem { key: string; label: string; icon?: ReactNode; blocked?: string | null; onSelect: () => void }
export type MenuEntry = MenuItem | { key: string; caption: string } | { key: string; line: true };

function Entries({ entries }: { entries: readonly MenuEntry[] }) {
  return entries.map((entry) => {
    if ('line' in entry) return <hr key={entry.key} />;
    if ('caption' in entry) return <div key={entry.key} className="caption">{entry.caption}</div>;
    return (
      <Base.Item key={entry.key} className="item" disabled={Boolean(entry.blocked)} onClick={entry.onSelect} title={entry.blocked ?? undefined}>
        {entry.icon}{entry.label}
      </Base.Item>
    );
  });
}

/** A button with a menu. */
export function Menu({ trigger, entries }: { trigger: ReactElement; entries: readonly MenuEntry[] }) {
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={4} align="end" style={{ zIndex: 30 }}><Base.Popup className="menu"><Entries entries={entries} /></Base.Popup></Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

/** The same, by the second mouse button on an area. */
export function ContextMenu({ area, entries }: { area: ReactElement; entries: readonly MenuEntry[] }) {
  return (
    <BaseContext.Root>
      <BaseContext.Trigger render={area} />
      <BaseContext.Portal>
        <BaseContext.Positioner style={{ zIndex: 30 }}><BaseContext.Popup className="menu"><Entries entries={entries} /></BaseContext.Popup></BaseContext.Positioner>
      </BaseContext.Portal>
    </BaseContext.Root>
  );
}
