//! Socket options whose value is an int.

use capsock::net::{BlockingSocket, Errno};

use super::numbers::SystemOption;

pub(super) fn set_int(socket: &BlockingSocket, (level, name): SystemOption, value: i32) -> Result<(), Errno> {
    socket.set_option(level, name, &value.to_ne_bytes())
}

pub(super) fn get_int(socket: &BlockingSocket, (level, name): SystemOption) -> Result<i32, Errno> {
    let mut value = [0; 4];
    match socket.option(level, name, &mut value)? {
        // IP_MULTICAST_TTL and IP_MULTICAST_LOOP may come as one byte.
        1 => Ok(i32::from(value[0])),
        _ => Ok(i32::from_ne_bytes(value)),
    }
}
