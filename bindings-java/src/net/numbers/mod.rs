//! Where the systems' numbers of errors, flags and socket options differ: each as the JDK has it there. All systems have
//! the same names.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::*;
#[cfg(windows)]
pub(super) use windows::*;

/// The level and the number of an option (setsockopt(2)).
pub(super) type SystemOption = (i32, i32);

/// The errors that `ErrorCodes.java` names, in the order of `error_codes::CODES`. `None` is an error that this system
/// does not have, or for which its JDK has no class of exceptions.
pub(super) type NamedErrors = [Option<i32>; 14];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linger_time_is_read_as_it_was_set() {
        for (on, seconds) in [(false, 0), (true, 0), (true, 5), (true, u16::MAX)] {
            let mut value = [0; 8];
            let bytes = linger_bytes(on, seconds);
            value[..bytes.as_ref().len()].copy_from_slice(bytes.as_ref());
            assert_eq!(linger_of(value), (on, i32::from(seconds)));
        }
    }
}
