//! The thread that keeps a server going whatever its handler does: it accepts, sends what peers were slow to
//! take, and looks after the limits and the stop.

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Instant;

use super::Room;
use crate::net::Errno;
use crate::server::listen::Listeners;
use crate::server::tcp::connection::LINGER_STEP;
use crate::server::tcp::events::alarm::Alarm;
use crate::server::tcp::events::connection::Connection;
use crate::server::tcp::events::door::{ACCEPTS, Door};
use crate::server::tcp::events::{ALARM, EVENTS, STOP, sweep_interval};

/// The token of the others' request to look around.
const LOOK: u64 = ALARM - 1;

pub(super) struct Keeper {
    room: Arc<Room>,
    door: Door,
    alarm: Alarm,
    /// What a connection throws away or has left to say at its end.
    chunk: Vec<u8>,
    output: Vec<u8>,
    draining: bool,
    now: Instant,
    next_sweep: Instant,
}

impl Keeper {
    pub(super) fn new(room: Arc<Room>, listeners: Arc<Listeners>) -> Result<Keeper, Errno> {
        let alarm = Alarm::new()?;
        let epoll = &room.keeping;
        epoll.add(room.shared.stop_waker().as_fd(), libc::EPOLLIN as u32, STOP)?;
        epoll.add(alarm.as_fd(), libc::EPOLLIN as u32, ALARM)?;
        epoll.add(room.look.as_fd(), libc::EPOLLIN as u32, LOOK)?;
        let mut door = Door::new(listeners, LOOK - 1);
        door.open(epoll)?;
        let now = Instant::now();
        Ok(Keeper {
            room,
            door,
            alarm,
            chunk: Vec::new(),
            output: Vec::new(),
            draining: false,
            now,
            next_sweep: now,
        })
    }

    pub(super) fn run(&mut self) {
        let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS];
        while !(self.draining && self.room.places().is_empty()) {
            let sweep = (!self.room.places().is_empty()).then_some(self.next_sweep);
            self.alarm.set([sweep, self.door.again].into_iter().flatten().min(), self.now);
            // Signals are blocked here; whatever else an error is, the next round tries again.
            let ready = self.room.keeping.wait(&mut events, None).unwrap_or(0);
            self.now = Instant::now();
            for event in &events[..ready] {
                match event.u64 {
                    STOP => self.start_draining(),
                    // What is due is looked at below.
                    ALARM => {}
                    LOOK => {
                        self.room.look.drain();
                        self.next_sweep = self.next_sweep.min(self.now + LINGER_STEP);
                    }
                    token => match self.door.place(token) {
                        Some(place) => self.accept_some(place),
                        None => drop(self.look_at(token as usize, Connection::flush)),
                    },
                }
            }
            self.door.open_again(&self.room.keeping, self.now);
            if self.now >= self.next_sweep {
                self.sweep();
            }
        }
        self.room.over.notify();
    }

    fn accept_some(&mut self, place: usize) {
        for _ in 0..ACCEPTS {
            let room = &self.room;
            let Some(socket) = self.door.accept(place, &room.keeping, &room.shared, self.now) else { return };
            if room.places().is_empty() {
                self.next_sweep = self.now + sweep_interval(&room.shared, self.draining);
            }
            room.welcome(socket, self.now);
        }
    }

    fn start_draining(&mut self) {
        self.draining = true;
        let _ = self.room.keeping.remove(self.room.shared.stop_waker().as_fd());
        self.door.close(&self.room.keeping);
        self.sweep();
    }

    fn sweep(&mut self) {
        self.next_sweep = self.now + sweep_interval(&self.room.shared, self.draining);
        let cut = self.room.shared.time_is_up();
        let keys: Vec<usize> = self.room.places().iter().map(|(key, _)| key).collect();
        let mut all_mine = true;
        for key in keys {
            all_mine &= self.look_at(key, |connection, tools| connection.check_time(cut, tools));
        }
        if cut && !all_mine {
            // Those that are left are in the handler's hands.
            self.room.shared.end_connections();
        }
    }

    fn look_at(
        &mut self,
        key: usize,
        what: impl FnOnce(&mut Connection, &mut super::Tools<'_>) -> super::Fate,
    ) -> bool {
        self.room.look_at(key, &mut self.chunk, &mut self.output, self.now, what)
    }
}
