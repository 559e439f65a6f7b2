//! Which code is compiled: `#[cfg(…)]` without tests, with a choice of features.

use std::collections::BTreeSet;

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token};

/// The features that count as on.
pub(super) enum Features {
    All,
    Only(BTreeSet<String>),
}

impl Features {
    /// Whether an item with these attributes is compiled outside tests.
    pub(super) fn keep(&self, attributes: &[Attribute]) -> bool {
        attributes.iter().all(|attribute| self.keep_meta(&attribute.meta))
    }

    /// Whether the attribute leaves its item in.
    pub(super) fn keep_meta(&self, attribute: &Meta) -> bool {
        match attribute {
            Meta::List(list) if list.path.is_ident("cfg") => {
                list.parse_args::<Meta>().is_ok_and(|predicate| self.holds(&predicate))
            }
            _ => true,
        }
    }

    /// A predicate's value. What is neither `test` nor a feature counts as true.
    fn holds(&self, predicate: &Meta) -> bool {
        match predicate {
            Meta::Path(path) => !path.is_ident("test"),
            Meta::NameValue(pair) if pair.path.is_ident("feature") => match (self, &pair.value) {
                (Self::Only(on), Expr::Lit(ExprLit { lit: Lit::Str(name), .. })) => {
                    on.contains(&name.value())
                }
                _ => true,
            },
            Meta::NameValue(_) => true,
            Meta::List(list) => {
                let parts = list
                    .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                    .unwrap_or_default();
                let mut parts = parts.iter();
                if list.path.is_ident("any") {
                    parts.any(|part| self.holds(part))
                } else if list.path.is_ident("not") {
                    !parts.all(|part| self.holds(part))
                } else {
                    parts.all(|part| self.holds(part))
                }
            }
        }
    }
}

#[test]
fn tests_and_features_that_are_off_are_left_out() {
    let on = Features::Only(BTreeSet::from(["ws".to_owned()]));
    let kept = |text: &str| on.keep(&[syn::parse_str::<Item>(text).unwrap().0]);
    for text in ["#[cfg(feature = \"ws\")]", "#[cfg(not(test))]", "#[cfg(unix)]", "#[must_use]"] {
        assert!(kept(text), "{text}");
    }
    for text in [
        "#[cfg(test)]",
        "#[cfg(feature = \"legacy\")]",
        "#[cfg(all(unix, test))]",
        "#[cfg(any(test, feature = \"legacy\"))]",
        "#[cfg(not(feature = \"ws\"))]",
    ] {
        assert!(!kept(text), "{text}");
    }
}

/// One attribute, for the test.
struct Item(Attribute);

impl syn::parse::Parse for Item {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self(input.call(Attribute::parse_outer)?.remove(0)))
    }
}
