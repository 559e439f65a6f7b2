/** Live assist: all of it is one chunk, which is loaded where the desk has the feature. */
export { Capture } from './Capture';
export { ConsentPart, Tab } from './Consent';
export { Panel } from './Panel';
export { Sign } from './Sign';
export { LeadSummary, NotesFill } from './Summary';
