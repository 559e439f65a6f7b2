//! One line for each optional field of a request that a call can set.

/// Writes the methods of a call that set an optional field of its request.
///
/// `name(argument: Type) => field = value;` becomes `pub fn name(self, argument: Type) -> Self`. A field may be one of a
/// field: `filters.status`.
macro_rules! setters {
    ($request:ty {
        $(
            $(#[$meta:meta])*
            $name:ident($($argument:ident: $kind:ty)?) => $($field:ident).+ = $value:expr;
        )*
    }) => {
        impl Call<'_, $request> { $(
            $(#[$meta])*
            pub fn $name(self $(, $argument: $kind)?) -> Self {
                let value = $value;
                self.map(|request| request.$($field).+ = Some(value))
            }
        )* }
    };
}

pub(crate) use setters;
