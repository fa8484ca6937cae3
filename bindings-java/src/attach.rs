//! Attaches the server's threads, which Java did not start, to the JVM.

use std::ffi::c_void;
use std::ptr;

use jni::errors::{Error, JniError, Result};
use jni::sys::{JNI_OK, JNI_VERSION_1_8, JavaVMAttachArgs};
use jni::{Env, JavaVM, jni_str};

thread_local! {
    static DAEMON: Daemon = const { Daemon };
}

/// Detaches its thread when the thread ends.
struct Daemon;

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Ok(vm) = JavaVM::singleton() {
            let raw = vm.get_raw();
            // SAFETY: the pointer is the machine's own; detaching a thread that is not attached
            // does nothing, and no Java frame is on the stack of a thread that ends.
            unsafe { ((**raw).v1_4.DetachCurrentThread)(raw) };
        }
    }
}

/// Runs `body` in Java, on whichever thread this is. A thread that Java does not know is attached
/// once, until it ends. An exception is the error `CaughtJavaException`; none stays pending.
pub(crate) fn with_java<T>(body: impl FnOnce(&mut Env) -> Result<T>) -> Result<T> {
    let vm = JavaVM::singleton()?;
    if !vm.is_thread_attached()? {
        attach_as_daemon(&vm)?;
    }
    vm.attach_current_thread(body)
}

/// The jni crate attaches as an ordinary thread, and the machine waits for those before it exits:
/// a program whose `main` is over would hang for as long as its server runs.
fn attach_as_daemon(vm: &JavaVM) -> Result<()> {
    let raw = vm.get_raw();
    let mut env: *mut c_void = ptr::null_mut();
    let mut args = JavaVMAttachArgs {
        version: JNI_VERSION_1_8,
        name: jni_str!("capsock-handler").as_ptr().cast_mut(),
        group: ptr::null_mut(),
    };
    // SAFETY: the pointer is the machine's own, and `args` is read during the call only. Daemon
    // detaches before the thread is gone, also if it is already (see its Drop).
    let code = unsafe {
        ((**raw).v1_4.AttachCurrentThreadAsDaemon)(raw, &mut env, (&raw mut args).cast::<c_void>())
    };
    if code != JNI_OK {
        return Err(Error::JniCall(JniError::Other(code)));
    }
    DAEMON.with(|_| ());
    Ok(())
}
