/** Where the tab's storage has whose tab it is. */
export const USER = 'desk-user';
/** Where dials wait in the tab's storage: each user's in a place of their own. Nobody else is shown them, and who is back has them. */
export const placeOf = (name: 'dial' | 'unheard', user: string | null) => (user === null ? `desk-${name}` : `desk-${name}:${user}`);
/** Whether a name in the tab's storage is one under which somebody's dials wait. */
export const isDialPlace = (name: string) => /^desk-(dial|unheard):/.test(name);
