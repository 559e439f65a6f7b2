export interface HistoryRow {
  ucid: string; startedAt: number; direction: 'inbound' | 'outbound' | null; outcome: string; answered: boolean | null; number: string | null; campaign: string | null;
  agents: string[]; legs: number; talkSec: number; disposition: string | null; code: string | null; recorded: boolean;
}
export interface HistoryPage { calls: HistoryRow[]; next: string | null; neverRead: string[] }
