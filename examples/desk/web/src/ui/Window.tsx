import { X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type PointerEvent, type ReactNode } from 'react';
import { useWords } from '../words/words';
import { Button } from './controls';
import { aside, clamped, moved, sized, type Box } from './box';

interface Props { title: string; start: Box; onClose: () => void; onPlaced?: (box: Box) => void; children: ReactNode }

const STEP = 24;

/** A window inside the page: moved and sized by pointer and by keys, and never off the screen. */
export function Window({ title, start, onClose, onPlaced, children }: Props) {
  const words = useWords();
  const [box, setBox] = useState(() => clamped(start, screenSize()));
  const drag = useRef<{ x: number; y: number; box: Box; size: boolean } | null>(null);
  const [away, setAway] = useState<Box | null>(null);
  const element = useRef<HTMLElement>(null);
  const id = useId();
  const place = (next: Box) => { setBox(next); onPlaced?.(next); };

  useEffect(() => {
    const resized = () => setBox((now) => clamped(now, screenSize()));
    addEventListener('resize', resized);
    return () => removeEventListener('resize', resized);
  }, []);

  // It steps aside for what the keyboard goes to, and comes back.
  useEffect(() => {
    const focused = ({ target }: FocusEvent) => {
      const outside = target instanceof HTMLElement && !element.current?.contains(target) && target.matches(':focus-visible');
      setAway(outside ? aside(box, target.getBoundingClientRect(), screenSize()) : null);
    };
    document.addEventListener('focusin', focused);
    return () => document.removeEventListener('focusin', focused);
  }, [box]);

  const down = (size: boolean) => (event: PointerEvent<HTMLElement>) => {
    if (!size && event.target instanceof Element && event.target.closest('button:not(.size)')) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, box, size };
  };
  const move = (event: PointerEvent) => {
    const from = drag.current;
    if (!from) return;
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    place(from.size ? sized(from.box, dx, dy, screenSize()) : moved(from.box, dx, dy, screenSize()));
  };
  const up = () => { drag.current = null; };
  const keys = (event: KeyboardEvent) => {
    const by = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (!by) return;
    event.preventDefault();
    const [dx = 0, dy = 0] = by;
    place(event.shiftKey ? sized(box, dx, dy, screenSize()) : moved(box, dx, dy, screenSize()));
  };

  const at = away ?? box;
  return (
    <section ref={element} className="window" role="dialog" aria-labelledby={id} onKeyDown={(event) => { if (event.key === 'Escape') onClose(); }} style={{ left: at.x, top: at.y, width: at.width, height: at.height }}>
      <div className="bar" tabIndex={0} role="group" aria-label={`${title}. ${words.window.move}. ${words.window.size}.`}
        onPointerDown={down(false)} onPointerMove={move} onPointerUp={up} onPointerCancel={up} onKeyDown={keys}>
        <h2 id={id}>{title}</h2>
        <Button tone="quiet" icon small className="end" aria-label={words.close} onClick={onClose}><X aria-hidden /></Button>
      </div>
      <div className="content" role="group" aria-label={title} tabIndex={0}>{children}</div>
      <button type="button" className="size" tabIndex={-1} aria-hidden onPointerDown={down(true)} onPointerMove={move} onPointerUp={up} onPointerCancel={up} />
    </section>
  );
}

function screenSize() { return { width: window.innerWidth, height: window.innerHeight }; }
