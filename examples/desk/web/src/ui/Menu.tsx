import { cloneElement, useId, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactElement, type ReactNode } from 'react';
import { createPortal } from 'react-dom';
import { entryFor, placed, type Anchor } from './menu-keys';

export interface MenuItem { key: string; label: string; icon?: ReactNode; blocked?: string | null; onSelect: () => void }
export type MenuEntry = MenuItem | { key: string; caption: string } | { key: string; line: true };

interface ListProps { id: string; label?: string | undefined; entries: readonly MenuEntry[]; anchor: Anchor; onClose: () => void }

/** The list, in the browser's top layer: it closes by itself on Escape and on a press elsewhere, and gives the focus back. */
function List({ id, label, entries, anchor, onClose }: ListProps) {
  const element = useRef<HTMLDivElement | null>(null);
  const items = () => [...element.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? []];
  const open = (list: HTMLDivElement | null) => {
    element.current = list;
    if (!list || list.matches(':popover-open')) return;
    list.showPopover();
    const { left, top } = placed(anchor, list.getBoundingClientRect(), { width: innerWidth, height: innerHeight });
    list.style.left = `${left}px`;
    list.style.top = `${top}px`;
    items()[0]?.focus();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Tab') { event.preventDefault(); element.current?.hidePopover(); return; }
    const all = items();
    const at = all.findIndex((item) => item === document.activeElement);
    const next = entryFor(event.key, at, all.map((item) => item.textContent ?? ''));
    if (next === null) return;
    event.preventDefault();
    all[next]?.focus();
  };
  const select = (item: MenuItem) => {
    if (item.blocked) return;
    element.current?.hidePopover();
    item.onSelect();
  };
  return createPortal(
    <div ref={open} id={id} popover="auto" role="menu" aria-label={label} className="menu" onKeyDown={keys}
      onToggle={(event) => { if (event.newState === 'closed') onClose(); }}>
      {entries.map((entry) => {
        if ('line' in entry) return <hr key={entry.key} />;
        if ('caption' in entry) return <div key={entry.key} className="caption">{entry.caption}</div>;
        return (
          <button key={entry.key} type="button" role="menuitem" tabIndex={-1} className="item" aria-disabled={Boolean(entry.blocked) || undefined} title={entry.blocked ?? undefined}
            onClick={() => select(entry)} onPointerMove={(event) => event.currentTarget.focus({ preventScroll: true })}>
            {entry.icon}{entry.label}
          </button>
        );
      })}
    </div>,
    document.body,
  );
}

type Trigger = ReactElement<{ onPointerDown?: () => void; onClick?: (event: MouseEvent<HTMLElement>) => void; onKeyDown?: (event: KeyboardEvent<HTMLElement>) => void; 'aria-haspopup'?: 'menu'; 'aria-expanded'?: boolean; 'aria-controls'?: string | undefined }>;

/** A button with a menu. */
export function Menu({ trigger, entries }: { trigger: Trigger; entries: readonly MenuEntry[] }) {
  const id = useId();
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  // A press on the button of an open menu closes the menu before it is a click: that click opens nothing.
  const pressedOpen = useRef(false);
  const open = (button: HTMLElement) => {
    const { left, right, top, bottom } = button.getBoundingClientRect();
    setAnchor({ left, right, top, bottom, end: true });
  };
  return (
    <>
      {cloneElement(trigger, {
        'aria-haspopup': 'menu', 'aria-expanded': anchor !== null, 'aria-controls': anchor ? id : undefined,
        onPointerDown: () => { pressedOpen.current = anchor !== null; },
        onClick: (event) => { if (pressedOpen.current) pressedOpen.current = false; else open(event.currentTarget); },
        onKeyDown: (event) => { if (event.key === 'ArrowDown') { event.preventDefault(); open(event.currentTarget); } },
      })}
      {anchor && <List id={id} entries={entries} anchor={anchor} onClose={() => setAnchor(null)} />}
    </>
  );
}

type Area = ReactElement<{ onContextMenu?: (event: MouseEvent) => void }>;

/** The same, by the second mouse button on an area, by a long touch, or by the menu key on something in it. */
export function ContextMenu({ area, label, entries }: { area: Area; label: string; entries: readonly MenuEntry[] }) {
  const id = useId();
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  return (
    <>
      {cloneElement(area, {
        onContextMenu: (event) => {
          event.preventDefault();
          const { clientX: x, clientY: y } = event;
          setAnchor({ left: x, right: x, top: y, bottom: y, end: false });
        },
      })}
      {anchor && <List id={id} label={label} entries={entries} anchor={anchor} onClose={() => setAnchor(null)} />}
    </>
  );
}
