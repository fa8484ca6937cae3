//! Enums whose values have a name and a stable number in every language.

/// Implements `ALL`, `name`, `from_number` and `FromStr` for an enum with explicit numbers, so that no binding needs
/// a table of its own. `$what` continues "choose the" in errors.
macro_rules! named {
    ($type:ident, $what:literal, $($variant:ident => $name:literal),+ $(,)?) => {
        impl $type {
            /// All values, in the order of their numbers.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// The name of the value in the command and the Python package.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }

            /// The value with this number, which is the constant of the C and Java packages.
            ///
            /// # Errors
            /// `InvalidArgument` if no value has this number.
            pub fn from_number(number: i32) -> $crate::Result<$type> {
                $type::ALL.iter().copied().find(|one| *one as i32 == number).ok_or_else(|| {
                    let all = [$(format!("{} ({})", $type::$variant as i32, $name)),+].join(", ");
                    $crate::Error::invalid(concat!("choose the ", $what), format!("{number} is not one of {all}"))
                })
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            fn from_str(name: &str) -> $crate::Result<$type> {
                $type::ALL.iter().copied().find(|one| one.name() == name).ok_or_else(|| {
                    let all = [$($name),+].join(", ");
                    $crate::Error::invalid(concat!("choose the ", $what), format!("'{name}' is not one of {all}"))
                })
            }
        }
    };
}
pub(crate) use named;
