//! The event loop with a handler: `workers` threads run it, and one more keeps everything else going.
//!
//! The handler's threads wait on one epoll instance for input, each for one connection at a time: whoever is
//! told of it receives, calls the handler and sends, so that a quick handler costs no hand-over from thread to
//! thread. While all of them are in the handler, nobody receives: what comes waits in the kernel, which
//! lets the peers wait in turn.
//!
//! The keeper never calls the handler. It accepts, sends what a peer was slow to take, looks after the limits
//! and the stop, and so needs none of the others for it.
//!
//! A connection is one thread's at a time, so its replies keep their order. A thread that is told of one
//! that another has leaves a note, upon which the kernel is asked again.

mod keeper;

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use slab::Slab;

use self::keeper::Keeper;
use super::connection::{Connection, Fate, Tools};
use super::{CHUNK, INPUT, NO_ROOM, ROOM, UNFINISHED, wait_busily};
use crate::net::{Epoll, Errno, Socket, Waker};
use crate::server::connections::{Admitted, Open};
use crate::server::limits::Met;
use crate::server::listen::Listeners;
use crate::server::shared::Shared;
use crate::server::tcp::exchange::Exchange;

/// Bytes received at once: the replies to one chunk of short lines may be many times as long.
const HANDLER_CHUNK: usize = 16 * 1024;

/// The token that ends the handler's threads.
const OVER: u64 = u64::MAX;

/// What an epoll instance is asked for so that it tells at once of a connection that takes replies.
const AT_ONCE: i32 = INPUT | ROOM;

pub(super) fn start(shared: &Arc<Shared>, listeners: Arc<Listeners>, workers: usize) -> Result<(), Errno> {
    let room = Arc::new(Room::new(shared)?);
    let mut keeper = Keeper::new(Arc::clone(&room), listeners)?;
    // First, so that a start that fails half-way ends the threads that it has started.
    shared.spawn("capsock-events", move |_| keeper.run())?;
    for _ in 0..workers {
        let room = Arc::clone(&room);
        shared.spawn("capsock-handler", move |_| room.serve())?;
    }
    Ok(())
}

/// What the handler's threads and the keeper share.
struct Room {
    shared: Arc<Shared>,
    /// Tells the handler's threads of input, each connection once each time that something comes (EPOLLET).
    input: Epoll,
    /// Tells the keeper of room for replies, and of all else that is its own.
    keeping: Epoll,
    places: Mutex<Slab<Arc<Place>>>,
    /// Has the keeper look around soon.
    look: Waker,
    over: Waker,
}

struct Place {
    /// Keeps the socket, so that no other has its descriptor while a thread may ask the kernel about it.
    open: Arc<Open>,
    seat: Mutex<Seat>,
    /// Something came while a thread had the seat.
    told: AtomicBool,
}

/// A connection, for the one thread that has it.
struct Seat {
    /// `None` once it is closed.
    connection: Option<Connection>,
    /// The keeper waits for room for its replies.
    waits_for_room: bool,
}

impl Room {
    fn new(shared: &Arc<Shared>) -> Result<Room, Errno> {
        let room = Room {
            shared: Arc::clone(shared),
            input: Epoll::new()?,
            keeping: Epoll::new()?,
            places: Mutex::default(),
            look: Waker::new()?,
            over: Waker::new()?,
        };
        room.input.add(room.over.as_fd(), libc::EPOLLIN as u32, OVER)?;
        Ok(room)
    }

    fn places(&self) -> MutexGuard<'_, Slab<Arc<Place>>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, key: usize) -> Option<Arc<Place>> {
        self.places().get(key).map(Arc::clone)
    }

    /// Lets a connection in; a thread of the handler's is told if something has come with it.
    fn welcome(&self, socket: Socket, now: Instant) {
        let Some(admitted) = Admitted::admit(socket, false, &self.shared) else { return };
        let open = Arc::clone(&admitted.open);
        let connection = Connection::new(admitted, Exchange::new(self.shared.limits.framing), now);
        let seat = Mutex::new(Seat { connection: Some(connection), waits_for_room: false });
        let place = Place { open: Arc::clone(&open), seat, told: AtomicBool::new(false) };
        let key = self.places().insert(Arc::new(place));
        if self.input.add(open.socket.as_fd(), INPUT as u32, key as u64).is_err() {
            drop(self.places().remove(key));
            self.shared.met(Met::Refused(NO_ROOM));
        }
    }

    /// A thread of the handler's: answers one connection after another.
    fn serve(&self) {
        let mut chunk = vec![0; HANDLER_CHUNK];
        let mut output = Vec::new();
        // One at a time: the others are for whoever is free.
        let mut events = [libc::epoll_event { events: 0, u64: 0 }];
        loop {
            if wait_busily(&self.input, &mut events, self.shared.limits.busy_poll) == 0 {
                continue;
            }
            let [event] = events;
            if event.u64 == OVER {
                return;
            }
            let key = event.u64 as usize;
            self.look_at(key, &mut chunk, &mut output, Instant::now(), |connection, tools| {
                if event.events & UNFINISHED as u32 != 0 {
                    connection.expect_more();
                }
                connection.advance_if_reading(tools)
            });
            output.shrink_to(CHUNK);
        }
    }

    /// Does something with a connection unless a thread has it, then what comes of it. Returns whether it did.
    fn look_at(
        &self,
        key: usize,
        chunk: &mut Vec<u8>,
        output: &mut Vec<u8>,
        now: Instant,
        what: impl FnOnce(&mut Connection, &mut Tools<'_>) -> Fate,
    ) -> bool {
        // A place may have a new owner since the event: it finds nothing to receive.
        let Some(place) = self.place(key) else { return true };
        let Some(mut seat) = place.take() else { return false };
        let Some(connection) = &mut seat.connection else { return true };
        let mut tools = Tools { shared: &self.shared, chunk, output, now, draining: self.shared.stopping() };
        let fate = what(connection, &mut tools);
        let again = self.settle(key, &mut seat, fate);
        drop(seat);
        if place.was_told() || again {
            self.tell_again(key, &place);
        }
        true
    }

    /// What becomes of a connection; whether somebody has to look at it again.
    fn settle(&self, key: usize, seat: &mut Seat, fate: Fate) -> bool {
        let Some(connection) = &seat.connection else { return false };
        let socket = connection.socket().as_fd();
        let waits = fate == Fate::Write;
        let mut closes = fate == Fate::Close;
        if waits && !seat.waits_for_room {
            closes = self.keeping.add(socket, ROOM as u32, key as u64).is_err();
        } else if seat.waits_for_room && !waits {
            let _ = self.keeping.remove(socket);
        }
        seat.waits_for_room = waits;
        match fate {
            _ if closes => self.close(key, seat),
            Fate::Soon => self.look.notify(),
            _ => {}
        }
        fate == Fate::Again
    }

    fn close(&self, key: usize, seat: &mut Seat) {
        let Some(connection) = seat.connection.take() else { return };
        // Closing ends the watch only if no process that the host forked off has the socket too.
        let _ = self.input.remove(connection.socket().as_fd());
        let _ = self.keeping.remove(connection.socket().as_fd());
        drop(self.places().remove(key));
        drop(connection);
        if self.shared.stopping() {
            // It may have been the last one.
            self.look.notify();
        }
    }

    /// Has a thread told of a connection, once the others that wait have had their turn. Nobody has the seat
    /// for this: whoever is told could find it taken.
    fn tell_again(&self, key: usize, place: &Place) {
        // It fails for one that was closed since.
        let _ = self.input.modify(place.open.socket.as_fd(), AT_ONCE as u32, key as u64);
    }
}

impl Place {
    /// The seat, unless a thread has it: that one will know that it was asked for.
    fn take(&self) -> Option<MutexGuard<'_, Seat>> {
        self.try_take().or_else(|| {
            self.told.store(true, Ordering::Relaxed);
            // Either the seat is free by now, or whoever leaves it finds the note.
            fence(Ordering::SeqCst);
            self.try_take()
        })
    }

    fn try_take(&self) -> Option<MutexGuard<'_, Seat>> {
        match self.seat.try_lock() {
            Ok(seat) => Some(seat),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Asked by whoever has left the seat, and by nobody who takes it: a note may be for either.
    fn was_told(&self) -> bool {
        fence(Ordering::SeqCst);
        self.told.load(Ordering::Relaxed) && self.told.swap(false, Ordering::Relaxed)
    }
}
