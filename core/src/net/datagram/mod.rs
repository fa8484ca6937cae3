//! Datagrams in batches, with the metadata that a server needs of each.
//!
//! A [`ReceiveBatch`] receives by recvmsg(2) or recvmmsg(2); a [`SendBatch`] collects replies and sends them by sendto(2),
//! sendmsg(2) or sendmmsg(2). Where the kernel can, datagrams of one size between two addresses pass it as the
//! segments of one message (udp(7): UDP_SEGMENT, UDP_GRO).

mod meta;
mod queue;
mod receive_batch;
mod send_batch;

pub(crate) use meta::{ReceiveMeta, SendMeta, max_payload};
pub(crate) use queue::Added;
pub(crate) use receive_batch::ReceiveBatch;
pub(crate) use send_batch::SendBatch;
