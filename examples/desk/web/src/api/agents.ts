/** What all spellings of an agent's id have in common: leading zeros of a number and the case of letters do not count. */
function key(id: string): string {
  const bare = id.trim();
  return (/^\d+$/.test(bare) ? bare.replace(/^0+/, '') : bare).toLowerCase();
}

/** Whether two ids are one agent's, as the desk takes them. What is no id is no agent's. */
export function sameAgent(one: string | null | undefined, other: string | null | undefined): boolean {
  if (one == null || other == null) return false;
  const own = key(one);
  return own !== '' && own === key(other);
}
