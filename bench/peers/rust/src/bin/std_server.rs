//! Rust's standard library: a thread for each connection, or one after another; over UDP one thread.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};

fn serve(mut stream: TcpStream, buffer: usize, once: bool) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = vec![0; buffer];
    loop {
        let count = stream.read(&mut bytes)?;
        if count == 0 {
            return Ok(());
        }
        bytes[..count].make_ascii_uppercase();
        stream.write_all(&bytes[..count])?;
        if once {
            return Ok(());
        }
    }
}

fn main() -> std::io::Result<()> {
    let job = capsock_bench_peers::job();
    if job.mode == "udp" {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        capsock_bench_peers::ready(socket.local_addr()?);
        let mut bytes = vec![0; 65_536];
        loop {
            let (count, from) = socket.recv_from(&mut bytes)?;
            bytes[..count].make_ascii_uppercase();
            socket.send_to(&bytes[..count], from)?;
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    capsock_bench_peers::ready(listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, once) = (stream?, job.mode == "tcp-once");
        if once || job.mode == "tcp-iterative" {
            let _ended_by_the_client = serve(stream, job.buffer, once);
        } else {
            std::thread::spawn(move || serve(stream, job.buffer, false));
        }
    }
    Ok(())
}
