// Chance from a seed. Every purpose has a sequence of its own, so that what one draws does not change another's.

function hash(text) {
  let h = 2166136261;
  for (const c of text) h = Math.imul(h ^ c.codePointAt(0), 16777619);
  return h >>> 0;
}

export class Chance {
  constructor(seed, purpose = '') {
    this.state = (hash(`${seed}/${purpose}`) ^ (Number(seed) >>> 0)) >>> 0;
    this.seed = seed;
    this.purpose = purpose;
  }

  /** The sequence of another purpose. */
  for(purpose) {
    return new Chance(this.seed, `${this.purpose}/${purpose}`);
  }

  /** From 0 to 1 (mulberry32). */
  next() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  between(from, to) {
    return from + this.next() * (to - from);
  }

  happens(share) {
    return this.next() < share;
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }
}
