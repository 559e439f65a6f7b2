import { X } from 'lucide-react';
import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useWords } from '../words/words';
import { Button } from './controls';

interface Props { open: boolean; title: string; onClose?: (() => void) | undefined; children: ReactNode; footer?: ReactNode }

/** A modal dialog: the browser's own, which keeps the focus inside and closes on Escape. Without `onClose` it cannot be dismissed. */
export function Dialog({ open, title, onClose, children, footer }: Props) {
  const words = useWords();
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (!dialog) return;
    if (open && !dialog.open) dialog.showModal();
    return () => dialog.close();
  }, [open]);
  return (
    <dialog
      ref={element} className="dialog" aria-labelledby={id}
      onCancel={(event) => { event.preventDefault(); onClose?.(); }}
      onMouseDown={(event) => { if (event.target === event.currentTarget) onClose?.(); }}
    >
      <div className="inside">
        <div className="row">
          <h2 id={id}>{title}</h2>
          {onClose && <Button tone="quiet" icon className="end" aria-label={words.close} onClick={onClose}><X aria-hidden /></Button>}
        </div>
        {children}
        {footer && <div className="row" style={{ justifyContent: 'flex-end' }}>{footer}</div>}
      </div>
    </dialog>
  );
}
