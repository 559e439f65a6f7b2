//! Counts the bytes that are looked at, so that tests can bound the work.

#[cfg(test)]
thread_local! {
    static BYTES: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// These many bytes were looked at.
#[cfg(test)]
pub(super) fn done(bytes: usize) {
    BYTES.with(|sum| sum.set(sum.get() + bytes));
}

/// These many bytes were looked at.
#[cfg(not(test))]
pub(super) const fn done(_bytes: usize) {}

/// The bytes looked at since the last time.
#[cfg(test)]
pub(super) fn take() -> usize {
    BYTES.with(|sum| sum.replace(0))
}
