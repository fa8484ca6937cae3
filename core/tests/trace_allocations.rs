//! Recording a call allocates nothing, since a process that was forked off in the middle of another thread's
//! allocation records too. Alone in its binary: it counts what the process allocates.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use capsock::net::{BlockingSocket, Family, Kind, WaitPolicy};
use capsock::trace;

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does the work; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: by this function's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: by this function's contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// An exchange over IPv6, with a payload all of which has to be escaped, and a call that fails.
fn exchange(socket: &BlockingSocket) {
    socket.send(&[0xff; 100], 0, WaitPolicy::NONBLOCKING).unwrap();
    assert_eq!(socket.receive(&mut [0; 200], 0, WaitPolicy::NONBLOCKING), Ok(100));
    assert!(socket.listen(1).is_err());
}

#[test]
fn a_call_that_is_recorded_allocates_nothing() {
    let socket = BlockingSocket::new(Family::V6, Kind::Datagram, true).unwrap();
    socket.bind(&"[::1]:0".parse().unwrap()).unwrap();
    let own = socket.local_addr().unwrap();
    socket.connect(&own, WaitPolicy::default()).unwrap();
    // What a thread has from its first call on.
    exchange(&socket);
    trace::start("/dev/null", true).unwrap();
    exchange(&socket);
    let before = COUNT.get();
    (0..100).for_each(|_| exchange(&socket));
    assert_eq!(COUNT.get() - before, 0);
    trace::stop();
    let before = COUNT.get();
    drop(Box::new(1));
    assert_eq!(COUNT.get() - before, 1, "it does count");
}
