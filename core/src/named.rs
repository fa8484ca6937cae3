//! Choices that have a name and a stable number in every language.

/// Gives an enum with explicit numbers its `ALL`, `name`, `from_number` and `FromStr`, so that no
/// door has a table of its own. `$what` continues "choose the".
macro_rules! named {
    ($type:ident, $what:literal, $($variant:ident => $name:literal),+ $(,)?) => {
        impl $type {
            /// Every one, in the order of the numbers.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// The name that the command and the Python package use.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }

            /// The one of a stable number: the C and Java packages' constants.
            ///
            /// # Errors
            /// `InvalidArgument` for a number that is none of them.
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
