//! Who steps this process, if anyone does: the address that the environment names.

use std::path::Path;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::{env, ptr};

use crate::net::sys::{self, ControllerAddress, Errno};

/// The controller's socket; empty is none.
pub(super) const VARIABLE: &str = "CAPSOCK_STEP";

/// Null while this process is not stepped. What it points to is leaked, so that any thread may read it.
static CONTROLLER: AtomicPtr<ControllerAddress> = AtomicPtr::new(ptr::null_mut());

/// A recording starts: reads the environment.
pub(super) fn prepare() -> Result<(), Errno> {
    // The user of a privileged program may not have it wait.
    let path = env::var_os(VARIABLE).filter(|path| !path.is_empty() && !sys::is_privileged());
    let Some(path) = path else { return Ok(()) };
    let address = ControllerAddress::new(Path::new(&path))?;
    CONTROLLER.store(Box::into_raw(Box::new(address)), Ordering::Release);
    Ok(())
}

pub(super) fn current() -> Option<&'static ControllerAddress> {
    // SAFETY: null, or leaked by `prepare`.
    unsafe { CONTROLLER.load(Ordering::Acquire).as_ref() }
}

/// Calls are made from now on without asking.
pub(super) fn leave() {
    CONTROLLER.store(ptr::null_mut(), Ordering::Release);
}
