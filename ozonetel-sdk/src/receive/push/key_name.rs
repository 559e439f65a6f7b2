//! The names under which the account's key comes.

/// The key's name in any of its spellings, also as the last step of a path: `call[Apikey]`, `call.apiKey`.
pub(super) fn is_key(name: &str) -> bool {
    let spelled = |name: &str| {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        letters.map(|byte| byte.to_ascii_lowercase()).eq("apikey".bytes())
    };
    let last = name.rsplit(['[', ']', '.']).find(|step| !step.is_empty());
    spelled(name) || last.is_some_and(spelled)
}
