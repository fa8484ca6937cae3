//! The failure of a native method, and the one place where it becomes a Java exception. `Errors.java` chooses
//! the class of the exception.

use std::any::Any;

use capsock::ErrorKind;
use jni::Env;
use jni::errors::ErrorPolicy;
use jni::objects::JThrowable;
use jni::refs::Global;

use crate::java;

/// The number by which `Errors.java` knows the use of a closed handle; the core's numbers start at 1.
const CLOSED_BEFORE: i32 = 0;

/// Why a native method gives no result.
pub(crate) enum Failure {
    /// The core's error.
    Core(capsock::Error),
    /// A handle was closed before the call; what it was.
    ClosedBefore(&'static str),
    /// An exception of the caller's own code, to be thrown as it is.
    Thrown(Global<JThrowable<'static>>),
    /// The Java machine's error, a pending exception most of the time.
    Java(jni::errors::Error),
}

impl From<capsock::Error> for Failure {
    fn from(error: capsock::Error) -> Failure {
        Failure::Core(error)
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Failure {
        match error {
            jni::errors::Error::CaughtJavaException { exception, .. } => Failure::Thrown(exception),
            other => Failure::Java(other),
        }
    }
}

/// Throws every failure and every panic as a Java exception.
pub(crate) struct Throw;

impl<T: Default> ErrorPolicy<T, Failure> for Throw {
    type Captures<'unowned: 'native, 'native> = ();

    fn on_error<'unowned: 'native, 'native>(
        env: &mut Env<'unowned>,
        _: &mut (),
        failure: Failure,
    ) -> jni::errors::Result<T> {
        // A pending exception, OutOfMemoryError say, is what the caller has to see.
        if !env.exception_check() {
            throw(env, failure);
        }
        Ok(T::default())
    }

    fn on_panic<'unowned: 'native, 'native>(
        env: &mut Env<'unowned>,
        captures: &mut (),
        payload: Box<dyn Any + Send>,
    ) -> jni::errors::Result<T> {
        let error = capsock::Error::panicked(payload.as_ref());
        <Throw as ErrorPolicy<T, Failure>>::on_error(env, captures, Failure::Core(error))
    }
}

fn throw(env: &mut Env, failure: Failure) {
    let (number, text) = match failure {
        Failure::Core(error) => (error.kind().number(), error.to_string()),
        Failure::ClosedBefore(what) => (CLOSED_BEFORE, format!("the {what} is closed")),
        Failure::Thrown(exception) => {
            let _ = env.throw(&exception);
            return;
        }
        Failure::Java(error) => (ErrorKind::Internal.number(), error.to_string()),
    };
    // Throwing reports what it did as an error; a failure on the way there leaves its own exception.
    let _ = env
        .byte_array_from_slice(text.as_bytes())
        .and_then(|text| java::exception(env, number, &text))
        .and_then(|exception| env.throw(&exception));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_java_has_a_case_for_every_kind() {
        let table = include_str!("../src/main/java/io/capsock/Errors.java");
        for number in ErrorKind::ALL.map(ErrorKind::number).into_iter().chain([CLOSED_BEFORE]) {
            let case = |line: &str| {
                let numbers = line.trim().strip_prefix("case ").and_then(|rest| rest.split(" ->").next());
                numbers.is_some_and(|numbers| numbers.split(", ").any(|one| one == number.to_string()))
            };
            assert!(table.lines().any(case), "no case for {number}");
        }
    }
}
