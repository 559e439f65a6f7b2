//! Where ids and secrets come from. Secrets are the system's randomness; ids are of a generator of the thread, rand's
//! ChaCha, which the system seeds again and again: a dial takes several. In a simulation by seed, both are of the seed.

use uuid::Uuid;

/// An id that says when it was made, and cannot be guessed.
pub fn id() -> Uuid {
    #[cfg(feature = "seeds")]
    if let Some(id) = seeded::id() {
        return id;
    }
    Uuid::now_v7()
}

/// The same as text: 32 hexadecimal digits.
pub(crate) fn id_text() -> String {
    id().simple().encode_lower(&mut Uuid::encode_buffer()).to_owned()
}

/// Fills bytes that no one can guess.
///
/// # Errors
/// The system has none.
pub fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    #[cfg(feature = "seeds")]
    if seeded::fill(bytes) {
        return Ok(());
    }
    getrandom::fill(bytes)
}

/// Eight hexadecimal digits that tell this process from others.
pub(crate) fn mark() -> String {
    let id = id().simple().to_string();
    // The front of an id is its time.
    id.get(24..).unwrap_or_default().to_owned()
}

#[cfg(feature = "seeds")]
pub use seeded::{SeededChance, seed};

/// For tests alone: all chance of a thread from one seed.
#[cfg(feature = "seeds")]
mod seeded {
    use std::cell::Cell;

    use uuid::Uuid;

    thread_local! {
        /// How many ids were made, and where the generator is.
        static STATE: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
    }

    /// Until it is dropped, chance on this thread comes from the seed.
    #[derive(Debug)]
    #[must_use = "it ends when it is dropped"]
    pub struct SeededChance(());

    impl Drop for SeededChance {
        fn drop(&mut self) {
            STATE.set(None);
        }
    }

    /// Takes all chance of this thread from a seed.
    ///
    /// ```
    /// use desk::chance;
    ///
    /// let ids = |seed| {
    ///     let _seeded = chance::seed(seed);
    ///     [chance::id(), chance::id()]
    /// };
    /// assert_eq!(ids(1), ids(1));
    /// assert_ne!(ids(1), ids(2));
    /// ```
    pub fn seed(seed: u64) -> SeededChance {
        STATE.set(Some((0, seed)));
        SeededChance(())
    }

    /// SplitMix64.
    fn next(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Later ids are larger, as those of the clock are.
    pub(super) fn id() -> Option<Uuid> {
        let (count, mut state) = STATE.get()?;
        let random = next(&mut state);
        STATE.set(Some((count + 1, state)));
        Some(Uuid::from_u64_pair(count + 1, random))
    }

    pub(super) fn fill(bytes: &mut [u8]) -> bool {
        let Some((count, mut state)) = STATE.get() else { return false };
        for chunk in bytes.chunks_mut(8) {
            let random = next(&mut state).to_le_bytes();
            chunk.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        }
        STATE.set(Some((count, state)));
        true
    }
}
