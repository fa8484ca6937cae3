//! The JNI frame of the methods that carry data, in place of the jni crate's, which costs as much as a third
//! of the system call. A panic ends the call alone, a pending Java exception is what the caller sees, and no
//! reference is kept.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jni::EnvUnowned;
use jni::ids::JFieldID;
use jni::objects::{JByteArray, JLongArray, JObject};
use jni::sys::{JNIEnv, jint, jlong};

use super::error_codes::INTERNAL;
use crate::bytes::{as_signed, as_signed_mut, java_length};

/// An exception is pending in Java.
pub(super) struct Pending;

/// Java, for the length of one native call.
pub(super) struct Java(*mut JNIEnv);

impl Java {
    fn unless_pending(&self) -> Result<(), Pending> {
        // SAFETY: the pointer is this thread's, see `guarded`; the call may be made with an exception pending.
        let pending = unsafe { ((**self.0).v1_2.ExceptionCheck)(self.0) };
        if pending { Err(Pending) } else { Ok(()) }
    }

    /// Bytes of an array; an exception if they are not within it.
    pub(super) fn get(&self, array: &JByteArray, offset: jint, bytes: &mut [u8]) -> Result<(), Pending> {
        let (length, bytes) = (java_length(bytes.len()), as_signed_mut(bytes).as_mut_ptr());
        if array.is_null() {
            return Err(Pending);
        }
        // SAFETY: the pointer is this thread's, the array one of bytes by the method's signature, and the
        // memory as long as is said; Java checks the array's length.
        unsafe { ((**self.0).v1_1.GetByteArrayRegion)(self.0, array.as_raw(), offset, length, bytes) };
        self.unless_pending()
    }

    /// Puts bytes into an array; an exception if they are not within it.
    pub(super) fn set(&self, array: &JByteArray, offset: jint, bytes: &[u8]) -> Result<(), Pending> {
        let (length, bytes) = (java_length(bytes.len()), as_signed(bytes).as_ptr());
        if array.is_null() {
            return Err(Pending);
        }
        // SAFETY: as for `get`.
        unsafe { ((**self.0).v1_1.SetByteArrayRegion)(self.0, array.as_raw(), offset, length, bytes) };
        self.unless_pending()
    }

    /// Puts numbers at the beginning of an array; an exception if it is too short.
    pub(super) fn set_longs(&self, array: &JLongArray, numbers: &[jlong]) -> Result<(), Pending> {
        if array.is_null() {
            return Err(Pending);
        }
        let length = java_length(numbers.len());
        // SAFETY: as for `get`, of an array of longs.
        unsafe { ((**self.0).v1_1.SetLongArrayRegion)(self.0, array.as_raw(), 0, length, numbers.as_ptr()) };
        self.unless_pending()
    }

    /// An int of an object.
    ///
    /// # Safety
    /// The object is not null, and the field is an int of its class.
    pub(super) unsafe fn field(&self, object: &JObject, field: JFieldID) -> jint {
        // SAFETY: the pointer is this thread's; the rest is the caller's promise.
        unsafe { ((**self.0).v1_1.GetIntField)(self.0, object.as_raw(), field.into_raw()) }
    }

    /// Sets an int of an object.
    ///
    /// # Safety
    /// The object is not null, and the field is an int of its class.
    pub(super) unsafe fn set_field(&self, object: &JObject, field: JFieldID, value: jint) {
        // SAFETY: the pointer is this thread's; the rest is the caller's promise.
        unsafe { ((**self.0).v1_1.SetIntField)(self.0, object.as_raw(), field.into_raw(), value) };
    }
}

/// Runs a native call. What it returns with an exception pending is not looked at.
pub(super) fn guarded(env: &EnvUnowned<'_>, call: impl FnOnce(&Java) -> Result<jint, Pending>) -> jint {
    // The pointer is what Java gave this thread for this call, and `Java` does not outlive it.
    let java = Java(env.as_raw());
    match catch_unwind(AssertUnwindSafe(|| call(&java))) {
        Ok(Ok(result)) => result,
        // A null array is no exception yet, and no call of this package passes one.
        Ok(Err(Pending)) | Err(_) => INTERNAL,
    }
}
