//! Pollers, in which the threads of `Poller.java` wait for the sockets of virtual threads.

use std::cell::RefCell;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use capsock::net::{BlockingSocket, Poller, Readiness};
use jni::objects::{JLongArray, JObject};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, NativeMethod, native_method};

use super::error_codes::{CLOSED, errno_code};
use super::numbers::FORGETS_BEFORE_CLOSE;
use super::open_socket::nonblocking_call;
use crate::bytes::java_length;
use crate::failure::{Failure, Throw};
use crate::handles::{Borrowed, Table};

static POLLERS: Table<Poller> = Table::new("poller");

/// The open pollers, if sockets have to be removed from them. A watch holds it as well, so that none begins when the
/// socket has been removed.
static OPEN: Mutex<Vec<jlong>> = Mutex::new(Vec::new());

fn open() -> Option<MutexGuard<'static, Vec<jlong>>> {
    FORGETS_BEFORE_CLOSE.then(|| OPEN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Before a socket is closed that no call finds any more.
pub(super) fn forget(socket: &BlockingSocket) {
    for number in open().iter().flat_map(|open| open.iter()) {
        if let Some(poller) = POLLERS.borrow(*number).as_ref().and_then(Borrowed::object) {
            poller.forget(socket);
        }
    }
}

pub(super) const METHODS: &[NativeMethod] = &[
    native_method! { error_policy = Throw, fn poller_open() -> jlong },
    native_method! {
        error_policy = Throw,
        fn poller_watch(poller: jlong, socket: jlong, writable: jboolean, token: jlong) -> jint,
    },
    native_method! {
        error_policy = Throw,
        fn poller_wait(poller: jlong, tokens: jlong[], milliseconds: jint) -> jint,
    },
    native_method! { error_policy = Throw, fn poller_close(poller: jlong) },
];

fn poller_open(_: &mut Env, _: JObject) -> Result<jlong, Failure> {
    match Poller::new() {
        Ok(poller) => {
            let number = POLLERS.insert(poller);
            if let Some(mut open) = open() {
                open.push(number);
            }
            Ok(number)
        }
        Err(errno) => Ok(errno_code(errno).into()),
    }
}

fn poller_watch(
    _: &mut Env,
    _: JObject,
    poller: jlong,
    socket: jlong,
    writable: jboolean,
    token: jlong,
) -> Result<jint, Failure> {
    let readiness = if writable { Readiness::Writable } else { Readiness::Readable };
    let poller = POLLERS.get(poller)?;
    let _open = open();
    Ok(nonblocking_call(socket, |open| poller.watch(&open.socket, readiness, token as u64).map(|()| 0)))
}

/// How many tokens there are now; the array has room for as many as a wait returns.
fn poller_wait(
    env: &mut Env,
    _: JObject,
    poller: jlong,
    tokens: JLongArray,
    milliseconds: jint,
) -> Result<jint, Failure> {
    thread_local! {
        static READY: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    }
    let borrowed = POLLERS.borrow(poller);
    let Some(poller) = borrowed.as_ref().and_then(Borrowed::object) else { return Ok(CLOSED) };
    let timeout = u64::try_from(milliseconds).ok().map(Duration::from_millis);
    READY.with_borrow_mut(|ready| {
        if let Err(errno) = poller.wait(ready, timeout) {
            return Ok(errno_code(errno));
        }
        for (index, token) in ready.iter().enumerate() {
            tokens.set_region(env, java_length(index), &[*token as jlong])?;
        }
        Ok(java_length(ready.len()))
    })
}

fn poller_close(_: &mut Env, _: JObject, poller: jlong) -> Result<(), Failure> {
    POLLERS.remove(poller);
    if let Some(mut open) = open() {
        open.retain(|number| *number != poller);
    }
    Ok(())
}
