/** Short names for the records of the API; what they are is generated from the desk's document. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Role = Schemas['Role'];
export type Me = Schemas['Me'];
export type Call = Schemas['CallView'];
export type Phase = Schemas['CallPhase'];
/** `null`: allowed. A word: why not. */
export type Can = Schemas['Can'];
export type Participant = Schemas['ParticipantView'];
export type Disposed = Schemas['DispositionOfCall'];
export type AgentView = Schemas['AgentView'];
export type Dial = Schemas['DialView'];
export type PlacedCall = Schemas['PlacedCall'];
export type Choice = Schemas['DispositionChoice'];
export type OwedRow = Schemas['OwedView'];
export type Entry = Schemas['EntryView'];
export type WorklistPage = Schemas['WorklistPage'];
export type Missed = Schemas['MissedView'];
export type Lead = Schemas['LeadView'];
export type LeadOverview = Schemas['LeadOverview'];
export type Appointment = Schemas['AppointmentView'];
export type Message = Schemas['MessageView'];
export type Slot = Schemas['SlotView'];
export type FollowUp = Schemas['FollowUpView'];
export type FollowUpPage = Schemas['FollowUpPage'];
export type HistoryRow = Schemas['PastCall'];
export type HistoryPage = Schemas['CallList'];
export type Figures = Schemas['Figures'];
export type RangeFigures = Schemas['RangeFigures'];
export type TimeUse = Schemas['TimeUtilization'];
export type Trend = Schemas['Trend'];
export type TeamFigures = Schemas['TeamFigures'];
export type Imported = Schemas['Imported'];
export type User = Schemas['UserView'];
export type Link = Schemas['LinkView'];
export type NewLink = Schemas['NewLink'];
export type Team = Schemas['TeamView'];
export type Token = Schemas['TokenView'];
export type TranscriptEntry = Schemas['TranscriptEntry'];
export type AuditRow = Schemas['AuditView'];
export type PhoneNews = Schemas['PhoneNews'];
export type Answer = NonNullable<Schemas['PhoneReply']['answer']>;
