import type { ReactNode } from 'react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toastProblem } from '../../ui/toasts';
import { useWords } from '../../words/words';
import { Listed, useWaits } from '../admin/Listed';
import { campaigns, consent } from './desk';
import { useAssistWords } from './words';

const KEY = ['assist', 'campaigns'];

/** Of which campaigns calls are transcribed. */
export function ConsentPart() {
  const words = useAssistWords();
  const common = useWords();
  const cache = useQueryClient();
  const now = useQuery({ queryKey: KEY, queryFn: campaigns });
  const change = useMutation({
    mutationFn: ({ campaign, given }: { campaign: string; given: boolean }) => consent(campaign, given),
    onError: (problem) => toastProblem(problem, common),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  });
  const waits = useWaits(change.isPending);
  // What was switched is shown so at once, and as the desk has it when that is known.
  const switched = change.isPending ? change.variables : null;
  return (
    <Listed title={words.consent.title} query={now} empty={words.consent.none} isEmpty={(data) => data.campaigns.length === 0}>
      {(data) => (
        <>
          <p className="muted small consent-why">{words.consent.why}</p>
          <table>
            <thead><tr><th>{words.consent.campaign}</th><th>{words.consent.tab}</th></tr></thead>
            <tbody>
              {data.campaigns.map(({ campaign, consent: given }) => {
                const on = switched?.campaign === campaign ? switched.given : given;
                return (
                  <tr key={campaign}>
                    <td>{campaign}</td>
                    <td><label className="switch"><input type="checkbox" role="switch" aria-label={words.consent.transcribe(campaign)} checked={on} disabled={waits !== null} title={waits ?? undefined} onChange={() => change.mutate({ campaign, given: !on })} />{on ? words.consent.on : words.consent.off}</label></td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </>
      )}
    </Listed>
  );
}

/** The tab of that part, whose name is not known to the rest of the page. */
export function Tab({ children }: { children: (name: string) => ReactNode }) { return children(useAssistWords().consent.tab); }
