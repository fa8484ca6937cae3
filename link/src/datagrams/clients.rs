//! The clients of a link for UDP: a bounded table.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use capsock::Result;
use slab::Slab;

use crate::watched::Watched;

/// A client; another one that gets its slot later is none of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClientId {
    slot: usize,
    generation: u64,
}

#[derive(Debug)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    /// The socket that the client sends to.
    pub(super) listener: usize,
    /// The socket towards the server.
    pub(super) socket: Watched,
    generation: u64,
    /// When its last datagram goes or went.
    last: Instant,
}

#[derive(Debug)]
pub(super) struct Clients {
    slots: Slab<Client>,
    by_address: HashMap<(SocketAddr, usize), usize>,
    most: usize,
    idle_timeout: Duration,
    generation: u64,
    /// When to look for idle ones again.
    look: Option<Instant>,
}

impl Clients {
    pub(super) fn new(most: usize, idle_timeout: Duration) -> Clients {
        let (slots, by_address) = (Slab::new(), HashMap::new());
        Clients { slots, by_address, most: most.max(1), idle_timeout, generation: 0, look: None }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn most(&self) -> usize {
        self.most
    }

    pub(super) fn get(&self, id: ClientId) -> Option<&Client> {
        self.slots.get(id.slot).filter(|client| client.generation == id.generation)
    }

    /// The client in a slot.
    pub(super) fn at(&self, slot: usize) -> Option<(ClientId, &Client)> {
        let client = self.slots.get(slot)?;
        Some((ClientId { slot, generation: client.generation }, client))
    }

    pub(super) fn find(&self, address: SocketAddr, listener: usize) -> Option<ClientId> {
        let slot = *self.by_address.get(&(address, listener))?;
        Some(ClientId { slot, generation: self.slots[slot].generation })
    }

    /// A datagram of the client goes at this time.
    pub(super) fn touch(&mut self, id: ClientId, at: Instant) {
        if let Some(client) = self.slots.get_mut(id.slot) {
            client.last = client.last.max(at);
        }
    }

    /// Whether this is the address of a socket towards the server.
    pub(super) fn sends_from(&self, address: SocketAddr) -> bool {
        self.slots.iter().any(|(_, client)| client.socket.local_addr() == Ok(address))
    }

    /// Adds a client. If there is no room, it takes that of the one that was idle longest. `socket` gets the slot.
    pub(super) fn add(
        &mut self,
        address: SocketAddr,
        listener: usize,
        now: Instant,
        socket: impl FnOnce(usize) -> Result<Watched>,
    ) -> Result<ClientId> {
        if self.slots.len() >= self.most {
            let longest = self.slots.iter().min_by_key(|(_, client)| client.last).map(|(slot, _)| slot);
            longest.into_iter().for_each(|slot| self.forget(slot));
        }
        self.generation += 1;
        let (generation, entry) = (self.generation, self.slots.vacant_entry());
        let slot = entry.key();
        entry.insert(Client { address, listener, socket: socket(slot)?, generation, last: now });
        self.by_address.insert((address, listener), slot);
        Ok(ClientId { slot, generation })
    }

    /// Forgets those that were idle for too long.
    pub(super) fn forget_idle(&mut self, now: Instant) {
        if self.look.is_some_and(|look| now < look) {
            return;
        }
        let idle: Vec<usize> = self
            .slots
            .iter()
            .filter(|(_, client)| now.saturating_duration_since(client.last) >= self.idle_timeout)
            .map(|(slot, _)| slot)
            .collect();
        idle.into_iter().for_each(|slot| self.forget(slot));
        let next = self.slots.iter().map(|(_, client)| client.last).min().unwrap_or(now);
        self.look = next.checked_add(self.idle_timeout);
    }

    fn forget(&mut self, slot: usize) {
        let client = self.slots.remove(slot);
        self.by_address.remove(&(client.address, client.listener));
    }
}
